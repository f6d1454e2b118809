"""The set-up wizard: a tenant's registration at Entra, led step by step, for operators and administrators."""
