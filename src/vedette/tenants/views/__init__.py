"""Pages of sign-in, consent, the operator and a person's preferences."""
