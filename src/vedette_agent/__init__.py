"""Reference agent: enrols, collects, checks in, queues while offline. Speaks only HTTP to the service."""

__version__ = "0.1.0"
