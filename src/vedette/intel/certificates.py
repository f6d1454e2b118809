"""Signing keys that anybody can have: they identify nobody and must never be matched as an indicator."""

from collections.abc import Mapping
from types import MappingProxyType

PUBLIC_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "61ed377e85d386a8dfee6b864bd85b0bfaa5af81": "AOSP testkey",
        "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc": "AOSP testkey",
        "27196e386b875e76adf700e7ea84e4c6eee33dfa": "AOSP platform",
        "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8": "AOSP platform",
        "5b368cff2da2686996bc95eac190eaa4f5630fe5": "AOSP shared",
        "28bbfe4a7b97e74681dc55c2fbb6ccb8d6c74963733f6af6ae74d8c3a6e879fd": "AOSP shared",
        "b79df4a82e90b57ea76525ab7037ab238a42f5d3": "AOSP media",
        "465983f7791f2abeb43ea2cbdc7f21a8260b72bc08a55c839fc1a43bc741a81e": "AOSP media",
        "219d542f901d8db85c729b0f7ae32410096077cb": "apk-icon-editor",
    }
)
"""Fingerprint of the certificate (SHA-1 or SHA-256, lower-case hex) to the key's name (detection.md 1.2).

The "CN=Android Debug" keys that development tools make are one per developer's machine: fingerprints cannot
list them.
"""


def public_key(fingerprint: str) -> str | None:
    """Name the public key behind a fingerprint (any case, colons allowed); None for any other."""
    return PUBLIC_KEYS.get(fingerprint.replace(":", "").lower())
