"""Conditional access: the rules, what they decide, and the sign-in that asks them."""
