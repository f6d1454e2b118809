"""What an answer to "why?" consists of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: what holds, and what to do about it. `ok` None: it decides nothing."""

    text: Text
    ok: bool | None = None
    mend: Text = ""
    at: datetime | None = None
    icon: str = "info-circle"


@dataclass(frozen=True)
class Answer:
    """An answer for one person or device: `state` is a badge of the page kit, `href` opens the device."""

    title: str
    subtitle: str
    headline: Text
    tone: str
    icon: str
    lines: Sequence[Line] = field(default_factory=tuple)
    state: str = ""
    href: str = ""
    live: bool = False
