"""What an analyst collected of a phone, judged: findings, timeline, what was not read; told as JSON, HTML or STIX.

The same for `vedette scan`, the console's upload page and the native API.
"""
