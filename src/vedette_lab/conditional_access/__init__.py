"""Conditional access: the rules, what they decide, and the sign-in that asks them."""

from vedette_lab.conditional_access.routes import routes

__all__ = ["routes"]
