"""Running processes (`ps`) and crashed ones (tombstones)."""

import datetime as dt
import re

from vedette_facts.traces import Moment, Trace

_NAME_COLUMNS = {"NAME", "CMD", "COMMAND"}
_MOST = 2000
_CRASHED = re.compile(
    r"^pid: \d+, tid: \d+, name: (?P<thread>.{1,300}?) {2}>>> (?P<process>.{1,300}?) <<<", re.MULTILINE
)
_UID = re.compile(r"^uid: (\d+)", re.MULTILINE)
_STAMP = re.compile(
    r"^Timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?([+-]\d{4})", re.MULTILINE
)


def parse_processes(text: str) -> list[str]:
    """Names in the last column of `ps` whose heading says NAME, CMD or COMMAND; kernel threads are left out."""
    lines = text.splitlines()
    start = next(
        (
            number
            for number, line in enumerate(lines)
            if line.split()[-1:] and line.split()[-1] in _NAME_COLUMNS
        ),
        None,
    )
    if start is None:
        return []
    columns = len(lines[start].split())
    names = []
    for line in lines[start + 1 :]:
        parts = line.split(None, columns - 1)
        if len(parts) == columns and not parts[-1].startswith("["):
            names.append(parts[-1].strip()[:255])
    return list(dict.fromkeys(names))[:_MOST]


def tombstone(text: str, where: str) -> tuple[list[Trace], list[Moment]]:
    """The process of a crash (text form, Android's debuggerd) as a trace, with its time where it is told."""
    crashed = _CRASHED.search(text)
    if crashed is None:
        return [], []
    uid, stamp = _UID.search(text), _STAMP.search(text)
    at = _time(f"{stamp[1]}.{stamp[2] or 0}{stamp[3]}") if stamp else None
    name = crashed["process"].strip().rpartition("/")[2][:255] or crashed["thread"][:255]
    traces = [Trace(kind="process", value=name, where=where, at=at)]
    as_whom = f" running as UID {uid[1]}" if uid else ""
    moments = [Moment(at=at, what=f"{name}{as_whom} crashed", where=where)] if at else []
    return traces, moments


def _time(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f%z").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
