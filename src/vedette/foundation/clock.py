"""The only source of time of the domain.

In a demo and in tests (VEDETTE_DEMO) the clock can be moved: `$VEDETTE_HOME/clock` holds an offset
in seconds which every process of the service adds to real time. Checks of tokens and certificates
use real time, never this clock.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from vedette.foundation import config

FILE: Final = "clock"

# A moved clock is noticed within this time; a file read for each of thousands of reports would be waste.
_REREAD_SECONDS: Final = 0.2


class _Offset:
    """The offset in the file, read again when it may have changed."""

    def __init__(self) -> None:
        self.value = timedelta()
        self.fresh_until = 0.0

    def now(self) -> timedelta:
        at = monotonic()
        if at >= self.fresh_until:
            self.value, self.fresh_until = _read(config.current()), at + _REREAD_SECONDS
        return self.value


_offset = _Offset()


def now() -> datetime:
    """Return the time of the domain, aware and in UTC."""
    return datetime.now(UTC) + _offset.now()


def move(home: Path, seconds: float) -> None:
    """Set the offset of every process that runs with `home` and VEDETTE_DEMO."""
    home.mkdir(parents=True, exist_ok=True)
    # replaced whole, so that a reader never sees half a number
    draft = home / f".{FILE}.new"
    draft.write_text(f"{seconds}\n", encoding="ascii")
    draft.replace(home / FILE)
    _offset.fresh_until = 0.0


def _read(settings: config.Config) -> timedelta:
    if not settings.demo:
        return timedelta()
    path = settings.home / FILE
    try:
        return timedelta(seconds=float(path.read_text(encoding="ascii")))
    except FileNotFoundError:
        return timedelta()
    except (ValueError, OverflowError) as error:
        raise config.ConfigError(
            f"{path} does not hold a number of seconds, so the time is unknown. Remove the file or mend it."
        ) from error
