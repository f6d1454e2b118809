"""`vedette evaluate`: labelled records through the detectors, with figures and their confidence intervals."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from vedette.detection import Context
from vedette.detection.evaluation import (
    Interval,
    Record,
    RecordError,
    Tally,
    Verdict,
    baseline_predictions,
    deduplicated,
    judge_link_record,
    judge_record,
    read_line,
    tally,
    with_acquisition,
)
from vedette.detection.web import BadAddressError, WebLists, parse_host
from vedette.intel import ImportFailedError, Index, Source, read
from vedette.scans import reading
from vedette.scans.sandbox import SandboxError
from vedette.verdict.risk import Risk
from vedette_facts.acquisition import read as acquisition
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.apk import is_application
from vedette_facts.limits import UnreadableError

LONGEST_LINE: Final = 4 * 1024 * 1024
_SHOWN: Final = 10
Row = tuple[Record, Verdict]


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Folder (or file) of JSON lines with labels; docs/detection.md describes them.",
)
@click.option(
    "--feed",
    "feeds",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A feed to judge with, too; without any only behaviour speaks. Repeatable.",
)
@click.option("--installer", default="", help="Installer to assume for records that tell none.")
@click.option(
    "--at-least",
    type=click.Choice(["advisory", "low", "medium", "high"]),
    default="low",
    show_default=True,
    help="Default risk from which a finding counts as reported.",
)
@click.option(
    "--baseline", is_flag=True, help="Compare with a logistic regression on permissions, same split."
)
@click.option(
    "--keep-copies", is_flag=True, help="Count copies of one package and signer, which inflates figures."
)
@click.option(
    "--own", multiple=True, help="Links: a domain of your organisation, e.g. example.com. Repeatable."
)
@click.option(
    "--only-blocked", is_flag=True, help="Links: what is only suspicious does not count as reported."
)
@click.option("--since", default="", help="Only records from this month or day on, e.g. 2026-03.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    data: Path,
    feeds: Sequence[Path],
    installer: str,
    at_least: str,
    own: Sequence[str],
    since: str,
    *,
    baseline: bool,
    keep_copies: bool,
    only_blocked: bool,
    as_json: bool,
) -> None:
    """Judge labelled records: applications, phones, links.

    Prints precision, recall and false-positive rate with 95 % intervals, per slice.

    Exit codes: 0 done, 2 nothing could be read.
    """
    refused: list[str] = []
    read_all = (record for record in _records(data, refused) if _is_of(record, since))
    records = list(read_all if keep_copies else deduplicated(read_all))
    if not records:
        raise click.UsageError(
            f"No labelled record was found in {data}. " + (f"First problem: {refused[0]}" if refused else "")
        )
    context = Context(index=_index(feeds))
    risk = Risk[at_least.upper()]
    lists = _lists(context.index, own)
    rows = [
        (
            r,
            judge_link_record(r, lists, only_blocked=only_blocked)
            if r.url
            else judge_record(r, context, at_least=risk, installer=installer),
        )
        for r in records
    ]
    found = {name: tally(map(_pair, chosen)) for name, chosen in _slices(rows).items()}
    guesses = baseline_predictions(records) if baseline else None
    compared = (
        tally((r.label == "malicious", guess) for r, guess in zip(records, guesses, strict=True))
        if guesses
        else None
    )
    if as_json:
        click.echo(json.dumps(_as_json(found, compared, rows, refused), indent=2))
    else:
        _tell(found, compared, rows, refused, baseline=baseline)


def _records(data: Path, refused: list[str]) -> Iterator[Record]:
    files = (
        sorted(p for p in data.rglob("*") if p.suffix in {".jsonl", ".ndjson"}) if data.is_dir() else [data]
    )
    for path in files:
        with path.open("rb") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE), b""), 1):
                if not line.strip():
                    continue
                try:
                    yield _whole(read_line(line), path.parent)
                except (RecordError, UnreadableError) as error:
                    refused.append(f"{path.name}, line {number}: {error}")


def _whole(record: Record, folder: Path) -> Record:
    """Read the acquisition that a record names. Raises RecordError, UnreadableError."""
    if not record.file:
        return record
    path = (folder / record.file).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.exists():
        raise RecordError(f"there is no {record.file} beside the list")
    return with_acquisition(record, _read(path))


def _read(path: Path) -> Acquisition:
    """Read what a record names; an application, which may be harmful on purpose, in a process of its own."""
    if not (path.is_file() and is_application(path)):
        return acquisition.read(path)
    try:
        return reading.acquisition(reading.Upload(str(path), path.name))
    except SandboxError as error:
        raise UnreadableError(error.message) from None


def _index(feeds: Iterable[Path]) -> Index:
    lists = []
    for path in feeds:
        try:
            lists.append((Source(path.name), read(path.read_bytes()).indicators))
        except ImportFailedError as error:
            raise click.UsageError(f"{path}: {error.message}") from None
    return Index(lists)


def _is_of(record: Record, since: str) -> bool:
    """Tell whether a record is of that month or later; undated ones are of none."""
    date = record.month or record.year
    return not since or bool(date and date >= since[: len(date)])


def _lists(index: Index, own: Sequence[str]) -> WebLists:
    try:
        return WebLists.of(index=index, own_domains=[parse_host(name).name for name in own])
    except BadAddressError as error:
        raise click.UsageError(f"--own: {error}") from None


def _pair(row: Row) -> tuple[bool, bool]:
    return row[0].label == "malicious", row[1].reported


def _slices(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Sort into slices: all, each year, each family and each value of `slice`."""
    every = list(rows)
    found: dict[str, list[Row]] = {}
    for row in every:
        record = row[0]
        names = [f"year {record.year}"] if record.year else []
        names += [f"month {record.month}"] if record.month else []
        names += [f"family {record.family}"] if record.family else []
        for name in [*names, *(f"{name} {value}" for name, value in record.slices)]:
            found.setdefault(name, []).append(row)
    return {"all": every, **dict(sorted(found.items()))}


def _tell(
    found: dict[str, Tally],
    compared: Tally | None,
    rows: Sequence[Row],
    refused: Sequence[str],
    *,
    baseline: bool,
) -> None:
    width = max(len(name) for name in found)
    click.echo(f"{'slice':<{width}}  harmful  harmless  {'precision':<24}{'recall':<24}false-positive rate")
    named = list(found.items()) + ([("baseline", compared)] if compared else [])
    for name, counts in named:
        harmful = counts.true_positive + counts.false_negative
        harmless = counts.false_positive + counts.true_negative
        click.echo(
            f"{name:<{width}}  {harmful:>7}  {harmless:>8}  {_words(counts.precision):<24}"
            f"{_words(counts.recall):<24}{_words(counts.false_positive_rate)}"
        )
    if baseline and compared is None:
        click.echo("No baseline: the records hold one label only, so nothing can be learned from them.")
    for title, wrong in (("Reported though harmless", False), ("Missed", True)):
        listed = [row for row in rows if _pair(row) == (wrong, not wrong)]
        if listed:
            click.echo(f"{title}: {len(listed)}")
        for record, verdict in listed[:_SHOWN]:
            click.echo(f"  {record.identity}  {verdict.classification} {verdict.summary}".rstrip())
    if refused:
        click.echo(f"Not read: {len(refused)} lines, first: {refused[0]}", err=True)


def _words(value: Interval) -> str:
    if value.share is None or value.low is None or value.high is None:
        return "-"
    return f"{value.share:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _as_json(
    found: dict[str, Tally], compared: Tally | None, rows: Sequence[Row], refused: Sequence[str]
) -> dict[str, Any]:
    return {
        "slices": {name: _figures(counts) for name, counts in found.items()},
        "baseline": _figures(compared) if compared else None,
        "errors": [
            {"identity": record.identity, "label": record.label, **asdict(verdict)}
            for record, verdict in rows
            if len(set(_pair((record, verdict)))) > 1
        ],
        "not_read": list(refused),
    }


def _figures(counts: Tally) -> dict[str, Any]:
    return asdict(counts) | {
        "precision": asdict(counts.precision),
        "recall": asdict(counts.recall),
        "false_positive_rate": asdict(counts.false_positive_rate),
    }
