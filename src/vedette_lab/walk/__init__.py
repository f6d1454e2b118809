"""Onboarding a tenant as a person would: by the pages, with a browser that has no JavaScript."""
