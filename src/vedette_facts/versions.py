"""Order of operating-system versions and of Android's security patch levels.

None everywhere means "cannot be compared": the caller answers *unknown*, never *fine*.
"""

import datetime as dt
import functools
import re
from dataclasses import dataclass

_VERSION = re.compile(
    r"^\s*(?:(?:ios|ipados|android)\s+)?(\d{1,9}(?:\.\d{1,9}){0,7})\s*(?:\(([a-z])\)|([a-z]))?\s*$",
    re.IGNORECASE,
)
_PATCH = re.compile(r"^(\d{4})-(\d{2})(?:-(\d{2}))?$")


@functools.total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """Numbers and the letter of Apple's rapid security responses: 18.1 < 18.1 (a) < 18.1.1; 14 = 14.0."""

    numbers: tuple[int, ...]
    letter: str = ""

    def _key(self) -> tuple[tuple[int, ...], str]:
        numbers = self.numbers
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers = numbers[:-1]
        return numbers, self.letter

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: "Version") -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        text = ".".join(str(number) for number in self.numbers)
        return f"{text} ({self.letter})" if self.letter else text


def parse_version(text: str | None) -> Version | None:
    """`14`, `17.7.3`, `18.1 (a)`, `iOS 17.2`, `12L`; None for anything else."""
    match = _VERSION.match(text or "")
    if match is None:
        return None
    numbers = tuple(int(number) for number in match[1].split("."))
    return Version(numbers, (match[2] or match[3] or "").lower())


def older(version: str | None, minimum: str | None) -> bool | None:
    """Is the version below the minimum? None when either cannot be read."""
    left, right = parse_version(version), parse_version(minimum)
    return None if left is None or right is None else left < right


def patch_date(text: str | None) -> dt.date | None:
    """Android's patch level as a date (`2024-05-01`, `2024-05`); None when it is not one.

    Levels are compared as dates because `-01` and `-05` levels of a month differ in what they mend
    (detection.md 1.5).
    """
    match = _PATCH.match(text or "")
    if match is None:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None


def patch_older(patch: str | None, minimum: dt.date | None) -> bool | None:
    """Is the patch level before the minimum date? None when either is not known."""
    date = patch_date(patch)
    return None if date is None or minimum is None else date < minimum
