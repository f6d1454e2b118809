"""`vedette intel`: threat feeds from the command line."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import click

from vedette.feeds import fetch_cli, index, store
from vedette.foundation import database
from vedette.intel import FORMATS, Hints, Hit, ImportFailedError, Kind, Reference, Report
from vedette.verdict import CLASSIFICATIONS

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, also for errors.")


@click.group()
def intel() -> None:
    """Import threat feeds, see what is in force, roll back.

    Exit codes: 0 done (explain: found), 1 refused (explain: not found), 2 a value is wrong.
    """


@intel.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--name", required=True, help="Name of the feed; the same name again makes a new version.")
@click.option("--format", "format_", type=click.Choice(["auto", *FORMATS]), default="auto", show_default=True)
@click.option(
    "--classification",
    type=click.Choice(sorted(CLASSIFICATIONS), case_sensitive=False),
    help="What indicators are to which the feed gives no type of its own.",
)
@click.option("--family", default="", help="What the values belong to, where the feed does not say.")
@click.option(
    "--kind",
    type=click.Choice([str(kind) for kind in Kind]),
    help="What the values of a plain list are; else their shape tells.",
)
@click.option(
    "--confidence", type=click.IntRange(0, 100), help="How sure the feed is, where it does not say itself."
)
@click.option(
    "--valid-days", type=click.IntRange(min=1), help="How long values without an end of their own count."
)
@click.option("--licence", default="", help="Licence of the feed, for the record.")
@click.option("--address", default="", help="Where the feed comes from, for the record.")
@click.option("--no-activate", is_flag=True, help="Store the version without putting it in force.")
@as_json_option
def import_(
    file: BinaryIO,
    name: str,
    format_: str,
    classification: str | None,
    family: str,
    kind: str | None,
    confidence: int | None,
    valid_days: int | None,
    licence: str,
    address: str,
    *,
    no_activate: bool,
    as_json: bool,
) -> None:
    """Import FILE (`-`: standard input) as the newest version of a feed.

    Of an index of feeds (MVT's) the feeds that stand beside it are imported too, each under its own name.
    """
    try:
        done = store.import_document(
            name,
            file.read(),
            format_=next((known for known in FORMATS if known == format_), None),
            untyped=classification or "",
            hints=Hints(family=family, kind=Kind(kind) if kind else None),
            confidence=confidence,
            valid_days=valid_days,
            licence=licence,
            address=address,
            activate=not no_activate,
        )
    except ImportFailedError as error:
        _fail(error.message, as_json=as_json, report=error.report)
    except store.FeedError as error:
        _fail(str(error), as_json=as_json)
    if as_json:
        _print(dataclasses.asdict(done))
        return
    state = "in force" if done.active else "stored, not in force"
    known = "" if done.fresh else " (this text was imported before)"
    click.echo(f"{name}: version {done.number} {state}{known}, {done.added} added, {done.removed} removed")
    _tell(done.report)
    for reference in done.references:
        _import_beside(file.name, reference, licence)


def _import_beside(index_file: str, reference: Reference, licence: str) -> None:
    """Import a feed that an index names if it lies in the index's folder; else say where it is to be had."""
    folder = Path(index_file).resolve().parent
    path = (folder / reference.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        click.echo(f"  not here: {reference.title} ({reference.address})")
        return
    try:
        done = store.import_document(
            reference.name, path.read_bytes(), licence=licence, address=reference.address
        )
    except (ImportFailedError, store.FeedError) as error:
        click.echo(f"  {reference.name}: not imported: {error}", err=True)
    else:
        click.echo(f"  {reference.name}: version {done.number}, {done.report['total']} taken")


@intel.command("status")
@as_json_option
def status_(*, as_json: bool) -> None:
    """List the feeds and their versions in force."""
    feeds = store.status()
    if as_json:
        _print([dataclasses.asdict(feed) for feed in feeds])
        return
    if not feeds:
        click.echo("No intelligence is loaded. Import a feed: vedette intel import FILE --name NAME")
    for feed in feeds:
        if feed.active is None:
            click.echo(f"{feed.name}: {feed.format}, no version in force (kept: {_numbers(feed)})")
            continue
        when = feed.imported_at.isoformat(timespec="seconds") if feed.imported_at else ""
        click.echo(
            f"{feed.name}: {feed.format}, version {feed.active} of {when}, {feed.taken} indicators "
            f"(kept: {_numbers(feed)})"
        )
        _tell(feed.report)


@intel.command()
@click.argument("value")
@as_json_option
def explain(value: str, *, as_json: bool) -> None:
    """Say what the feeds in force know about VALUE, be it a package, hash, certificate or address."""
    with database.system():
        known = index.current()
    hits = known.explain(value)
    vain, allowing = known.explain_overruled(value)
    if as_json:
        _print(_json_hits(hits))
    elif not hits:
        click.echo(f"No feed in force lists {value}." if not vain else f"{value} is listed, but allowed:")
    else:
        for hit in hits:
            _tell_hit(hit)
    if not as_json:
        for hit in vain:
            _tell_hit(hit, "  overruled: ")
        for hit in allowing:
            click.echo(f"  allowed by {hit.source}{f' ({hit.family})' if hit.family else ''}")
    if not hits:
        raise SystemExit(1)


def _json_hits(hits: Iterable[Hit]) -> list[dict[str, Any]]:
    return [{**hit._asdict(), "kind": str(hit.kind), "source": {**hit.source._asdict()}} for hit in hits]


def _tell_hit(hit: Hit, before: str = "") -> None:
    family = f" {hit.family}" if hit.family else ""
    sure = "" if hit.confidence is None else f"; confidence {hit.confidence}"
    extra = f"; {hit.note}" if hit.note else ""
    click.echo(f"{before}{hit.kind} {hit.value}: {hit.classification}{family} ({hit.source}{sure}{extra})")


@intel.command()
@click.argument("name")
@click.option(
    "--to", type=click.IntRange(min=1), help="Version to return to; else the one before the active."
)
@as_json_option
def rollback(name: str, to: int | None, *, as_json: bool) -> None:
    """Put an older version of the feed NAME in force again; it is fetched no more until `subscribe`."""
    try:
        done = store.roll_back(name, to)
    except store.FeedError as error:
        _fail(str(error), as_json=as_json)
    if as_json:
        _print(dataclasses.asdict(done))
        return
    click.echo(f"{name}: version {done.number} in force, {done.added} added, {done.removed} removed")
    _tell_stopped(name, stopped=done.stopped)


@intel.command("off")
@click.argument("name")
@as_json_option
def switch_off(name: str, *, as_json: bool) -> None:
    """Take the feed NAME out of force and fetch it no more; `rollback` puts its newest version back."""
    try:
        stopped = store.switch_off(name)
    except store.FeedError as error:
        _fail(str(error), as_json=as_json)
    if as_json:
        _print({"name": name, "active": False, "stopped": stopped})
        return
    click.echo(f"{name}: no version in force")
    _tell_stopped(name, stopped=stopped)


def _tell_stopped(name: str, *, stopped: bool) -> None:
    if stopped:
        click.echo(
            f"{name} is fetched no more, since a fetch would undo this. Again: vedette intel subscribe {name}"
        )


def _tell(report: dict[str, Any]) -> None:
    """Print what was taken and, by reason, what was not."""
    for heading, key in (
        ("taken", "taken"),
        ("said twice", "duplicates"),
        ("left out on purpose", "skipped"),
        ("malformed", "rejected"),
        ("not understood", "not_understood"),
    ):
        counts = report.get(key) or {}
        if counts:
            listed = ", ".join(f"{type_} {count}" for type_, count in sorted(counts.items()))
            click.echo(f"  {heading}: {listed}")


def _numbers(feed: store.Status) -> str:
    return ", ".join(str(number) for number in feed.versions) or "none"


def _print(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def _fail(message: str, *, as_json: bool, report: Report | None = None) -> NoReturn:
    counts = report.as_json() if report else None
    if as_json:
        _print({"error": message, "report": counts})
    else:
        click.echo(f"Error: {message}", err=True)
        if counts:
            _tell(counts)
    raise SystemExit(1)


for _command in (fetch_cli.offers, fetch_cli.subscribe, fetch_cli.fetch_, fetch_cli.unsubscribe):
    intel.add_command(_command)
