"""Enforcement by group: phones, or people, at risk are members of groups that rules at Microsoft act on."""
