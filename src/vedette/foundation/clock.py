"""The only source of time of the domain.

In a demo and in tests the clock can be moved: `$VEDETTE_HOME/clock` holds an offset in seconds which every process
of the service adds to real time. Checks of tokens and certificates use real time, never this clock.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

FILE: Final = "clock"

# A moved clock is noticed within this time; reading the file for each of thousands of reports would be waste.
_REREAD_SECONDS: Final = 0.2


class _Offset:
    """The offset of one file, read again when it may have changed."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.value = timedelta()
        self.read_at = 0.0

    def now(self) -> timedelta:
        if self.path is None:
            return timedelta()
        at = monotonic()
        if at - self.read_at >= _REREAD_SECONDS:
            self.value, self.read_at = _read(self.path), at
        return self.value

    def follow(self, path: Path | None) -> None:
        self.path, self.read_at = path, 0.0


_offset = _Offset()


def now() -> datetime:
    """Return the time of the domain, aware and in UTC."""
    return datetime.now(UTC) + _offset.now()


def follow(home: Path | None) -> None:
    """Let the file `clock` in `home` move this process's clock; `None` goes back to real time.

    Called once at start, and only when VEDETTE_DEMO is set.
    """
    _offset.follow(home / FILE if home else None)


def move(home: Path, seconds: float) -> None:
    """Set the offset for every process that follows `home`: replaced whole, so a reader never sees half a number."""
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f".{FILE}.new"
    draft.write_text(f"{seconds}\n", encoding="ascii")
    draft.replace(home / FILE)
    _offset.read_at = 0.0


def _read(path: Path) -> timedelta:
    try:
        return timedelta(seconds=float(path.read_text(encoding="ascii")))
    except FileNotFoundError:
        return timedelta()
    except (ValueError, OverflowError) as error:
        raise RuntimeError(
            f"{path} must hold one number, the clock's offset in seconds; remove it or mend it"
        ) from error
