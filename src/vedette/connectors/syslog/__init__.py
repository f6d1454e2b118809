"""Events by syslog over TLS, TCP or UDP: RFC 5424 with JSON, CEF or LEEF 2.0."""
