"""What the layers above hear of scans (docs/adr/0003)."""

from django.dispatch import Signal

deleting = Signal()
"""A scan is about to be deleted: `scan`, `actor`; sent inside the tenant's writer."""
