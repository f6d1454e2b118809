"""Lookout's Mobile Risk API v1 and v2, its event stream and Threat Feed API, for clients that people already run.

Facts: reference/lookout.md 2 and 3, and the two published specifications. docs/mobile-risk-api.md is for the teams.
"""
