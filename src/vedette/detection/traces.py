"""Traces of an acquisition against the feeds: addresses, files, processes, properties, applications."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from vedette.intel.index import Hit, Index
from vedette.intel.indicators import BadValueError, Kind, network, normal
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.findings import Evidence, Finding
from vedette.verdict.summaries import summary_in
from vedette_facts.report import Platform
from vedette_facts.traces import Trace

RULE: Final = "traces.indicators"
_DETECTOR: Final = "traces/1"
_LOADED_FROM: Final = ("http_", "https_")
"""WebKit names folders of a site's data `https_host_0` (WebKit, SecurityOriginData::databaseIdentifier)."""
_INSTEAD: Final[Mapping[str, str]] = MappingProxyType({"url": "MALICIOUS_CONTENT"})
_LONGEST_KEY: Final = 120


def judge_traces(traces: Iterable[Trace], index: Index, platform: Platform) -> tuple[Finding, ...]:
    """Give one finding for each indicator that a trace meets, however often it does; the first sight is told.

    A short list of traces proves no absence, so there is no other answer than a finding.
    """
    findings: dict[tuple[str, str], Finding] = {}
    for trace in traces:
        for hit in _hits(trace, index, platform):
            key = (str(hit.kind), hit.value)
            if key not in findings:
                findings[key] = _finding(trace, hit, platform)
    return tuple(findings.values())


def _hits(trace: Trace, index: Index, platform: Platform) -> Iterator[Hit]:
    match trace.kind:
        case "url":
            yield from _address(trace.value, index)
        case "file":
            yield from _file(trace, index)
        case "process":
            yield from index.find(Kind.PROCESS, trace.value)
        case "property":
            yield from index.find(Kind.PROPERTY, trace.value)
        case "email":
            yield from _normal(Kind.EMAIL, trace.value.removeprefix("mailto:"), index)
        case "app":
            yield from index.package(trace.value, platform)


def _address(value: str, index: Index) -> Iterator[Hit]:
    """Look up the address itself, then its host and every name above it."""
    try:
        kind, clean = network(value)
    except BadValueError:
        return
    yield from index.find(kind, clean)
    host = clean.partition("://")[2] if kind is Kind.URL else clean
    yield from _host(host.partition("/")[0].rpartition("@")[2], index, skip=clean)


def _host(host: str, index: Index, *, skip: str = "") -> Iterator[Hit]:
    name = host if host.count(":") > 1 else host.partition(":")[0]
    try:
        kind, clean = network(name.partition("?")[0].partition("#")[0])
    except BadValueError:
        return
    if kind is not Kind.DOMAIN:
        yield from index.find(kind, clean) if clean != skip else ()
        return
    while clean.count("."):
        if clean != skip:
            yield from index.find(kind, clean)
        clean = clean.partition(".")[2]


def _file(trace: Trace, index: Index) -> Iterator[Hit]:
    """By content, by path, by name; of an iOS backup the path begins with a domain that is none of the phone's."""
    for digest in trace.hashes:
        yield from index.file(digest)
    _, slash, rest = trace.value.partition("/")
    paths = {trace.value, f"/{rest}"} if slash and not trace.value.startswith("/") else {trace.value}
    for path in sorted(paths):
        yield from index.find(Kind.FILE_PATH, path)
    yield from index.find(Kind.FILE_NAME, trace.value.rpartition("/")[2])
    for part in rest.split("/"):
        if part.startswith(_LOADED_FROM):
            yield from _host(part.partition("_")[2].rpartition("_")[0], index)


def _normal(kind: Kind, value: str, index: Index) -> Iterator[Hit]:
    try:
        yield from index.find(*normal(kind, value))
    except BadValueError:
        return


def _finding(trace: Trace, hit: Hit, platform: Platform) -> Finding:
    feed, code = str(hit.source), _code(trace, hit, platform)
    evidence = (
        Evidence("value", hit.value, RULE, feed),
        Evidence("where", trace.where, RULE),
        Evidence("family", hit.family or CLASSIFICATIONS[code].words("en").title, RULE, feed),
        Evidence("feed", feed, RULE, feed),
        *((Evidence("seen", trace.value, RULE),) if trace.value != hit.value else ()),
        *((Evidence("at", trace.at.isoformat(timespec="seconds"), RULE),) if trace.at else ()),
    )
    key = f"trace:{hit.kind}:{hit.value[:_LONGEST_KEY]}"
    summary = summary_in("en", evidence) or code
    return Finding(code, key, summary, evidence, _DETECTOR, hit.family, feed)


def _code(trace: Trace, hit: Hit, platform: Platform) -> str:
    """Say what the feed says, where that exists on the platform; else what a trace of its kind stands for."""
    known = CLASSIFICATIONS.get(hit.classification)
    if known is not None and platform in known.platforms:
        return hit.classification
    return _INSTEAD.get(trace.kind, "SURVEILLANCEWARE")
