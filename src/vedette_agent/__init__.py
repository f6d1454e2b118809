"""Reference agent: enrols, collects, checks in, queues while offline. Speaks only HTTP to the service."""
