"""Append-only event log with a position per tenant and a hash chain over audit events."""
