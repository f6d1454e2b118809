"""Times as people read them: "5 minutes ago" with the exact time beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from vedette.foundation import clock

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
A_WHILE: Final = 30 * DAY


def relative(moment: datetime, now: datetime | None = None) -> str:
    """Say how long ago, or in how long, a moment is; past a month the date."""
    seconds = ((now or clock.now()) - moment).total_seconds()
    if abs(seconds) >= A_WHILE:
        return date_format(moment, "DATE_FORMAT")
    if abs(seconds) < MINUTE:
        return gettext("just now") if seconds >= 0 else gettext("in less than a minute")
    return _ago(int(seconds)) if seconds > 0 else _ahead(int(-seconds))


def _ago(seconds: int) -> str:
    if seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", count) % {"count": count}
    if seconds < DAY:
        count = seconds // HOUR
        return ngettext("%(count)d hour ago", "%(count)d hours ago", count) % {"count": count}
    count = seconds // DAY
    return ngettext("%(count)d day ago", "%(count)d days ago", count) % {"count": count}


def _ahead(seconds: int) -> str:
    if seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("in %(count)d minute", "in %(count)d minutes", count) % {"count": count}
    if seconds < DAY:
        count = seconds // HOUR
        return ngettext("in %(count)d hour", "in %(count)d hours", count) % {"count": count}
    count = seconds // DAY
    return ngettext("in %(count)d day", "in %(count)d days", count) % {"count": count}


def exact(moment: datetime) -> str:
    """Return date and time to the second in UTC, in the reader's language."""
    return f"{date_format(moment, 'DATE_FORMAT')} {moment:%H:%M:%S} UTC"


def duration(span: timedelta) -> str:
    """Say a length of time in its two largest units: "2 d 4 h", "3 min", "12 s"."""
    seconds = max(0, int(span.total_seconds()))
    units = ((DAY, gettext("d")), (HOUR, gettext("h")), (MINUTE, gettext("min")), (1, gettext("s")))
    parts: list[str] = []
    for size, unit in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or f"0 {gettext('s')}"
