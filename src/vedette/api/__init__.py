"""Thin ASGI: what phones and programmes call."""
