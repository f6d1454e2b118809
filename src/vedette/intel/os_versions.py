"""Names of Android releases as tables write them, and kinds of Apple devices."""

import re
from typing import Final

_ANDROID: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?(?:\.\d{1,3})*\s*(L?)")
_SDK_12L: Final = 32
_FIRST_WITHOUT_MINOR: Final = 9


def android_release(version: str, sdk: int | None = None) -> str | None:
    """`8.1.0` to `8.1`, `15.0` to `15`, `12.1` or `12` with API level 32 to `12L`; None for what is no version."""
    match = _ANDROID.fullmatch(version.strip().removeprefix("Android").strip())
    if match is None:
        return None
    major, minor = int(match[1]), int(match[2] or 0)
    if major == 12 and (match[3] or minor == 1 or sdk == _SDK_12L):  # noqa: PLR2004 - Android 12L is API level 32
        return "12L"
    if match[3]:
        return None
    return str(major) if major >= _FIRST_WITHOUT_MINOR else f"{major}.{minor}"


def is_ipad(model: str) -> bool:
    """Tell an iPad by its identifier or name."""
    return model.lower().startswith("ipad")
