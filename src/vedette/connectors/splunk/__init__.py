"""Events to Splunk's HTTP Event Collector."""
