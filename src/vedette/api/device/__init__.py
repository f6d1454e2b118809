"""The device protocol `/device/v1` as a thin ASGI application beside Django (docs/device-protocol.md)."""
