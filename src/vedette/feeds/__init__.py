"""Threat feeds: fetched, versioned, rolled back."""
