"""endoflife.date: how long versions and models are mended; its product pages (Markdown) and its API (JSON)."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from vedette.intel.os_table import Lifetime, OsTable
from vedette.intel.safe_yaml import YamlError, load_yaml
from vedette.intel.tally import Document, ImportFailedError, Tally
from vedette.intel.text_list import text_of

_LIQUID: Final = re.compile(r"\{%[^%]{0,500}%\}|\{\{[^{}]{0,500}\}\}")
"""Bounded, and no second opening inside: a page full of openings costs no more than one of plain text."""


def is_end_of_life(head: bytes) -> bool:
    """Tell a product page by its front matter, an API answer by its members."""
    return (
        b"releaseCycle:" in head
        or b"eolColumn:" in head
        or (b'"schema_version"' in head and b'"isEol"' in head)
    )


def read_end_of_life(content: bytes, *, at: dt.date | None = None) -> Document:
    """Read one product. Raises ImportFailedError. `at`: dates up to it count as over (the table keeps the date)."""
    tally = Tally("endoflife")
    product, releases = _product(text_of(content))
    lifetimes = []
    for release in releases:
        lifetime = _lifetime(product, release, at)
        if lifetime is None:
            tally.puzzle("release", str(release)[:200], "it has no name or does not say when support ends")
        else:
            lifetimes.append(lifetime)
    tally.count("release", len(lifetimes))
    return tally.finish(OsTable(lifetimes=lifetimes) if lifetimes else None)


def _product(text: str) -> tuple[str, list[Mapping[str, Any]]]:
    source = text
    if text.startswith("---"):
        source = _LIQUID.sub("", text[3:].partition("\n---")[0])
    try:
        loaded = load_yaml(source)
    except YamlError as error:
        raise ImportFailedError(f"This is no page of a product: {error}") from None
    if isinstance(loaded, Mapping) and isinstance(loaded.get("result"), Mapping):
        loaded = loaded["result"]
    if not isinstance(loaded, Mapping) or not isinstance(loaded.get("releases"), list):
        raise ImportFailedError("This is no page of a product: it has no list `releases`.")
    name = str(
        loaded.get("name") or str(loaded.get("permalink") or "").strip("/") or loaded.get("title") or ""
    )
    return name, [release for release in loaded["releases"] if isinstance(release, Mapping)]


def _lifetime(product: str, release: Mapping[str, Any], at: dt.date | None) -> Lifetime | None:
    cycle = str(release.get("releaseCycle") or release.get("name") or "")
    end = release.get("eol") if "eol" in release else release.get("eolFrom") or release.get("isEol")
    if not cycle or end is None:
        return None
    ends = _day(end)
    over = str(end).lower() == "true" or (ends is not None and at is not None and ends <= at)
    label = str(release.get("releaseLabel") or release.get("label") or cycle).replace(
        "__RELEASE_CYCLE__", cycle
    )
    latest = release.get("latest")
    newest = latest.get("name") if isinstance(latest, Mapping) else latest
    return Lifetime(product, cycle, label, over, ends, str(newest or ""))


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None
