"""Where the databases of an iOS backup hold addresses, names of processes and applications, table by table."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from vedette_facts.ios.databases import Row, Work, opened, rows
from vedette_facts.links import links
from vedette_facts.traces import Kind, Moment, Trace

Clock = Literal["apple", "apple_nanoseconds", "unix", "webkit"]
_APPLE_EPOCH: Final = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
_WEBKIT_EPOCH: Final = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_NANOSECONDS: Final = 1e11


@dataclass(frozen=True)
class History:
    """A database by domain (or its beginning) and path, and a query that yields a text and a time.

    `text`: the value is running text, of which only the links are kept. `what`: words for the timeline.
    """

    domain: str
    path: str
    query: str
    kind: Kind
    clock: Clock
    what: str
    text: bool = False


HISTORIES: Final = (
    History(
        "HomeDomain",
        "Library/Safari/History.db",
        "select i.url, v.visit_time from history_visits v join history_items i on i.id = v.history_item",
        "url",
        "apple",
        "Safari opened",
    ),
    History(
        "AppDomain-com.apple.mobilesafari",
        "Library/Safari/History.db",
        "select i.url, v.visit_time from history_visits v join history_items i on i.id = v.history_item",
        "url",
        "apple",
        "Safari opened",
    ),
    History(
        "HomeDomain",
        "Library/Safari/BrowserState.db",
        "select url, last_viewed_time from tabs",
        "url",
        "apple",
        "A tab of Safari showed",
    ),
    History(
        "HomeDomain",
        "Library/SMS/sms.db",
        "select text, date from message where text like '%http%'",
        "url",
        "apple_nanoseconds",
        "A message with the link",
        text=True,
    ),
    History(
        "AppDomainGroup-group.net.whatsapp.WhatsApp.shared",
        "ChatStorage.sqlite",
        "select ZTEXT, ZMESSAGEDATE from ZWAMESSAGE where ZTEXT like '%http%'",
        "url",
        "apple",
        "A WhatsApp message with the link",
        text=True,
    ),
    History(
        "AppDomain-com.google.chrome.ios",
        "Library/Application Support/Google/Chrome/Default/History",
        "select u.url, v.visit_time from urls u join visits v on v.url = u.id",
        "url",
        "webkit",
        "Chrome opened",
    ),
    History(
        "AppDomain-org.mozilla.ios.Firefox",
        "profile.profile/browser.db",
        "select h.url, v.date / 1000000.0 from history h join visits v on v.siteID = h.id",
        "url",
        "unix",
        "Firefox opened",
    ),
    History(
        "AppDomain-",
        "Library/WebKit/WebsiteData/ResourceLoadStatistics/observations.db",
        "select registrableDomain, lastSeen from ObservedDomains",
        "url",
        "unix",
        "A web page of an application loaded something from",
    ),
    History(
        "WirelessDomain",
        "Library/Databases/DataUsage.sqlite",
        "select ZPROCNAME, ZTIMESTAMP from ZPROCESS",
        "process",
        "apple",
        "The network was used by the process",
    ),
    History(
        "HomeDomain",
        "Library/TCC/TCC.db",
        "select distinct client, null from access",
        "app",
        "unix",
        "A permission was asked for by",
    ),
    History(
        "HomeDomain",
        "Library/Calendar/Calendar.sqlitedb",
        "select distinct email, null from Participant where email is not null",
        "email",
        "apple",
        "A calendar entry names",
    ),
)


def histories_of(domain: str, path: str) -> list[History]:
    """Tell what to ask a file of the backup."""
    return [
        history
        for history in HISTORIES
        if path == history.path
        and (domain == history.domain or (history.domain.endswith("-") and domain.startswith(history.domain)))
    ]


def read_history(
    content: bytes, history: History, where: str, work: Work
) -> tuple[list[Trace], list[Moment]]:
    """Ask a database one thing. UnreadableError when it has no such table or is broken."""
    traces: dict[tuple[str, dt.datetime | None], Trace] = {}
    with opened(content, work) as connection:
        for row in rows(connection, history.query):
            at = _time(row[1], history.clock)
            for value in _values(row, history):
                traces[value, at] = Trace(kind=history.kind, value=value, where=where, at=at)
    moments = [
        Moment(at=trace.at, what=f"{history.what} {trace.value[:500]}", where=where)
        for trace in traces.values()
        if trace.at
    ]
    return list(traces.values()), moments


def _values(row: Row, history: History) -> list[str]:
    value = row[0]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value:
        return []
    if history.text:
        return links(value)
    name = value.partition("/")[0] if history.kind == "process" else value
    return [name[:4096]] if name else []


def _time(value: object, clock: Clock) -> dt.datetime | None:
    """Read a time of Apple's clock (since 2001), Unix's, or WebKit's (microseconds since 1601)."""
    if not isinstance(value, int | float) or not value:
        return None
    try:
        if clock == "unix":
            return dt.datetime.fromtimestamp(value, dt.UTC)
        if clock == "webkit":
            return _WEBKIT_EPOCH + dt.timedelta(microseconds=value)
        seconds = value / 1e9 if clock == "apple_nanoseconds" and value > _NANOSECONDS else value
        return _APPLE_EPOCH + dt.timedelta(seconds=seconds)
    except (ValueError, OverflowError, OSError):
        return None
