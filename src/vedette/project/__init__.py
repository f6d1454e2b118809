"""Settings, addresses, ASGI router and command line."""
