"""The command `vedette scan`."""

import contextlib
import datetime as dt
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from vedette.detection import Context
from vedette.foundation import clock, config
from vedette.intel import ImportFailedError, Index, Indicator, Source, read
from vedette.project import environment
from vedette.scans import html_report, reading, stix_report
from vedette.scans.child import RuleSource
from vedette.scans.result import Scan, scan
from vedette.scans.rule_engine import check
from vedette.scans.sandbox import SandboxError
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.acquisition.read import read as read_acquisition
from vedette_facts.android.live import file_exists, over_adb, texts_of
from vedette_facts.android.texts import facts_of
from vedette_facts.apk import ApkFacts, is_application
from vedette_facts.ios.ipa import IpaFacts, is_ipa
from vedette_facts.limits import Unread, UnreadableError
from vedette_facts.report import AgentFacts, FactsError

NOTHING, FOUND, UNREADABLE = 0, 1, 2
_MOST_SHOWN = 20
_SENTENCES = {
    NOTHING: "Nothing was found in what could be read.",
    UNREADABLE: "Nothing could be read, so nothing was judged.",
}


@click.command("scan")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--adb", "serial", is_flag=False, flag_value="", help="Ask a phone on adb (SERIAL, or the only one)."
)
@click.option(
    "--feed",
    "feeds",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with this feed instead of those of the installation; no database is needed then. Repeatable.",
)
@click.option(
    "--yara",
    "rules",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Look at an application with the rules of this file. Repeatable.",
)
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the password of an encrypted backup.",
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report for people.")
@click.option("--stix", type=click.Path(dir_okay=False, path_type=Path), help="Write a STIX 2.1 bundle.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    path: Path | None,
    serial: str | None,
    feeds: Sequence[Path],
    rules: Sequence[Path],
    password_file: Path | None,
    html: Path | None,
    stix: Path | None,
    *,
    as_json: bool,
) -> None:
    """Judge what was collected of a phone, or an application: findings, timeline, and what could not be read.

    PATH is a folder or zip of androidqf, a bug report, an Android backup, an iOS backup, texts of dumpsys, getprop
    and pm, or an application (.apk, .apks, .xapk, .apkm, .ipa). Nothing is sent anywhere.
    Exit codes: 0 nothing found, 1 findings, 2 could not be read.
    """
    if (path is None) == (serial is None):
        raise click.UsageError("Name a PATH or a phone (--adb), one of the two.")
    password = _first_line(password_file)
    try:
        acquisition = (
            _from_path(path, _rules(rules), password) if path is not None else _from_adb(serial or "")
        )
    except UnreadableError as error:
        acquisition = Acquisition("not readable", None, unread=(Unread(str(path or "adb"), str(error)),))
    with _context(feeds) as context:
        done = scan(acquisition, context)
    moment = clock.now()
    for target, text in ((html, html_report.write), (stix, stix_report.write)):
        if target is not None:
            _save(target, text(done, moment))
    click.echo(json.dumps(done.as_json(), indent=2)) if as_json else _tell(done)
    sys.exit(_exit_code(done))


def _exit_code(done: Scan) -> int:
    if done.findings:
        return FOUND
    return UNREADABLE if done.acquisition.is_empty else NOTHING


def _first_line(path: Path | None) -> str:
    """Read a password as an editor leaves it: without the end of its line."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} cannot be read as text: {error}.") from None


def _from_path(path: Path, rules: tuple[RuleSource, ...], password: str) -> Acquisition:
    """Read what was collected here, and an application, which anybody may have made, in a process of its own."""
    if not path.is_file() or not (is_application(path) or is_ipa(path)):
        return read_acquisition(path, password=password)
    try:
        return reading.acquisition(reading.Upload(str(path.absolute()), path.name, rules=rules))
    except SandboxError as error:
        raise UnreadableError(error.message) from None


def _rules(paths: Sequence[Path]) -> tuple[RuleSource, ...]:
    sources = []
    for path in paths:
        source = RuleSource(path.name, path.read_text(encoding="utf-8", errors="replace"))
        checked = check(source)
        if checked.errors:
            told = "\n".join(f"{path}:{e.line}:{e.column}: {e.message}" for e in checked.errors)
            raise click.UsageError(f"The rules cannot be used:\n{told}")
        sources.append(source)
    return tuple(sources)


def _from_adb(serial: str) -> Acquisition:
    run = over_adb(serial)
    texts = texts_of(run, file_exists(run))
    if texts is None:
        raise UnreadableError("No phone answers on adb: connect one, unlock it, and allow debugging.")
    try:
        return Acquisition("phone on adb", facts_of(texts, AgentFacts(version="acquisition")))
    except FactsError as error:
        raise UnreadableError(f"The phone tells more than a report may hold: {error}.") from None


@contextlib.contextmanager
def _context(feeds: Sequence[Path]) -> Iterator[Context]:
    """Give the intelligence: of the files named, else of the installation."""
    today = clock.now().date()
    if feeds:
        yield Context(index=Index([_feed(path) for path in feeds], at=clock.now()), today=today)
        return
    if not _is_installed():
        yield Context(today=today)
        return
    with environment.database():
        yield _installed(today)


def _is_installed() -> bool:
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")) or any(
        config.load().home.glob("*")
    )


def _installed(today: dt.date) -> Context:
    from django.db.utils import ProgrammingError  # noqa: PLC0415 - Django is awake only here

    from vedette.feeds import families, index, tables  # noqa: PLC0415 - as above
    from vedette.foundation import database  # noqa: PLC0415 - as above

    try:
        with database.system():
            return Context(
                index=index.current(), names=families.names(), systems=tables.current(), today=today
            )
    except ProgrammingError:
        click.echo("The installation has no tables yet (`vedette migrate`): no feed is compared.", err=True)
        return Context(today=today)


def _feed(path: Path) -> tuple[Source, Sequence[Indicator]]:
    try:
        return Source(path.name), read(path.read_bytes()).indicators
    except ImportFailedError as error:
        raise click.UsageError(f"{path}: {error.message}") from None


def _save(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{target} cannot be written: {error.strerror}.") from None
    click.echo(f"Written: {target}", err=True)


def _tell(done: Scan) -> None:
    click.echo(f"Read as: {done.acquisition.kind}")
    if done.acquisition.facts is not None:
        device, apps = done.acquisition.facts.device, done.acquisition.facts.apps
        named = " ".join(part for part in (device.manufacturer, device.model) if part) or "unnamed phone"
        system = "Android" if device.platform == "ANDROID" else "iOS"
        click.echo(f"{named}, {system} {device.os_version}, {len(apps or ())} applications")
    for apk in done.acquisition.apks:
        click.echo(_application(apk))
    for ipa in done.acquisition.ipas:
        click.echo(_ios_application(ipa))
    click.echo(_SENTENCES.get(_exit_code(done)) or f"{len(done.findings)} findings")
    for finding in done.findings:
        click.echo(f"  {done.risk(finding).name:<9}{finding.summary}")
    for what in done.unread[:_MOST_SHOWN]:
        click.echo(f"Not read: {what.path}: {what.why}", err=True)
    if len(done.unread) > _MOST_SHOWN:
        click.echo(f"Not read: {len(done.unread) - _MOST_SHOWN} more; --json lists all.", err=True)


def _application(apk: ApkFacts) -> str:
    """Tell of a file in one line: what it says it is, and which signatures of it verify."""
    app = apk.app
    named = (
        f"{app.name or app.package} ({app.package}) {app.version or ''}".rstrip()
        if app
        else "unnamed application"
    )
    part = f", part {apk.split}" if apk.split else ""
    schemes = [f"{check.scheme}{'' if check.verifies else ' BROKEN'}" for check in apk.signatures.schemes]
    return (
        f"{named}{part}, {apk.size:,} bytes, SHA-256 {apk.sha256}, signatures: {', '.join(schemes) or 'none'}"
    )


def _ios_application(ipa: IpaFacts) -> str:
    app, profile = ipa.app, ipa.profile
    named = (
        f"{app.name or app.package} ({app.package}) {app.version or ''}".rstrip()
        if app
        else "unnamed application"
    )
    way = f"{profile.way} profile of {profile.team}" if profile else "no profile"
    return f"{named}, {ipa.size:,} bytes, SHA-256 {ipa.sha256}, {way}"
