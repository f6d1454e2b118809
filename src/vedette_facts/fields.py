"""Types of single facts with their limits, shared by all parts of a report."""

from typing import Annotated, Literal

from msgspec import Meta

LARGEST_EXACT_INTEGER = 2**53 - 1
"""RFC 8785 section 3.2.2.3: integers above this are not exact in every language."""

Platform = Literal["ANDROID", "IOS"]
Short = Annotated[str, Meta(max_length=64)]
Line = Annotated[str, Meta(max_length=255)]
Long = Annotated[str, Meta(max_length=512)]
FilledLine = Annotated[str, Meta(min_length=1, max_length=255)]

DATE = r"^\d{4}-\d{2}-\d{2}\Z"
SHA256 = r"^[0-9a-f]{64}\Z"
FINGERPRINT = r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z"
PatchLevel = Annotated[str, Meta(pattern=DATE)]
Sha256 = Annotated[str, Meta(pattern=SHA256)]
Fingerprint = Annotated[str, Meta(pattern=FINGERPRINT)]
Sdk = Annotated[int, Meta(ge=1, le=10_000)]

WORDS = {
    DATE: "a date like 2026-03-05",
    SHA256: "a SHA-256 as 64 lower-case hexadecimal digits",
    FINGERPRINT: "a SHA-1 or SHA-256 as 40 or 64 lower-case hexadecimal digits",
}
"""What each pattern asks for, for error messages."""

CHOICES = {
    "platform": "`ANDROID` or `IOS`",
    "selinux": "`enforcing`, `permissive` or `disabled`",
    "verified_boot": "`green`, `yellow`, `orange` or `red`",
    "kind": "`wifi`, `mobile`, `ethernet` or `other`",
    "security": "`open`, `wep`, `wpa`, `wpa2`, `wpa3`, `enterprise` or `owe`",
    "changed": "`gateway`, `dns`, `proxy` or `security`",
    "outcome": "`ok`, `untrusted`, `pin_mismatch`, `stripped`, `redirected` or `failed`",
}
"""What a field with fixed values may hold, by the field's name."""
