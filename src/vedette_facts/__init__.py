"""Typed facts and the report of a phone; readers that make them. Pure: no network, no database."""
