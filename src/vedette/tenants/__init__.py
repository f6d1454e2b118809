"""Account, consent, sign-in, administrators and their access, preferences."""
