"""Signatures of Android applications, verified as the system verifies them (source.android.com, "Application Signing").

Written from the published formats; `cryptography` does the arithmetic. `apksigner` is the second opinion of the tests.
"""
