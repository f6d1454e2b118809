"""Applications of Microsoft's that rules leave out, by their application IDs (microsoft.md 4.1)."""

from typing import Final

ENROLLMENT_APPS: Final = ("d4ebce55-015a-49b5-a083-c84d1797ae8c", "0000000a-0000-0000-c000-000000000000")
"""Microsoft Intune Enrollment and Microsoft Intune: a fail-closed rule over them keeps phones from enrolling."""
