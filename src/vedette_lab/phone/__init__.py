"""A phone in the hand: sign in to mail, and see what conditional access makes of it."""

from vedette_lab.phone.routes import routes

__all__ = ["routes"]
