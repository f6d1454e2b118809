"""Threat, policy and exceptions: tables and reads."""
