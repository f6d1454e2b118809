"""What the child of an upload does. It is loaded anew for each, so it loads no more than this upload needs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from vedette_facts.acquisition.found import Acquisition
from vedette_facts.apk import ApkFacts, ApkLimits, RuleScanner, is_application, read_applications
from vedette_facts.ios.ipa import holds_ipa, is_ipa, read_ipa
from vedette_facts.limits import Unread, UnreadableError


class RuleSource(msgspec.Struct, frozen=True):
    """A set of rules on files: its name (the namespace of its rules) and its text."""

    name: str
    text: str


class Upload(msgspec.Struct, frozen=True):
    """Where an upload lies, what its sender called it (which may tell what it is), and the password it needs.

    `rules`: the organisation's rules on files, for applications.
    """

    path: str
    name: str
    password: str = ""
    rules: tuple[RuleSource, ...] = ()


def read_upload(upload: Upload) -> Acquisition:
    """Read. Raises UnreadableError."""
    path = Path(upload.path)
    if is_application(path, upload.name):
        found = _applications(upload)
        # an archive can be both: what makes it one must not hide what it is on the other kind of phone
        ipas = (read_ipa(path),) if holds_ipa(path) else ()
        return replace(
            found, ipas=ipas, unread=(*found.unread, *(each for ipa in ipas for each in ipa.unread))
        )
    if is_ipa(path, upload.name):
        facts = read_ipa(path)
        return Acquisition("iOS application", None, unread=tuple(facts.unread), ipas=(facts,))
    from vedette_facts.acquisition.read import read  # noqa: PLC0415 - databases and archives, for acquisitions only

    return read(Path(upload.path), name=upload.name, password=upload.password)


def _applications(upload: Upload) -> Acquisition:
    limits = ApkLimits()
    problems: tuple[Unread, ...] = ()
    scan = None
    try:
        scan = _scanner(upload.rules, limits.rule_seconds)
    except UnreadableError as error:
        problems = (Unread(".", str(error)),)
    apks, unread = read_applications(Path(upload.path), limits, scan)
    return Acquisition("Android application", None, unread=(*problems, *unread, *_unread(apks)), apks=apks)


def _scanner(rules: tuple[RuleSource, ...], seconds: int) -> RuleScanner | None:
    if not rules:
        return None
    from vedette.scans.rule_engine import scanner  # noqa: PLC0415 - 37 MB of machine code, only where there are rules

    return scanner(rules, seconds)


def _unread(apks: tuple[ApkFacts, ...]) -> Iterator[Unread]:
    for facts in apks:
        part = f"{facts.split}: " if facts.split else ""
        yield from (Unread(part + each.path, each.why) for each in facts.unread)
