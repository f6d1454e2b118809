"""The index of MVT: which bundles of indicators there are and where they stand. It holds no indicators itself."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from vedette.intel.safe_yaml import YamlError, load_yaml
from vedette.intel.tally import Document, ImportFailedError, Reference, Tally

_RAW: Final = "https://raw.githubusercontent.com"
_LONGEST_SLUG: Final = 48


def read_mvt_index(content: str | bytes) -> Document:
    """Read `indicators.yaml` into references. Raises ImportFailedError."""
    try:
        loaded = load_yaml(content)
    except YamlError as error:
        raise ImportFailedError(f"This is not YAML: {error}") from None
    entries = loaded.get("indicators") if isinstance(loaded, Mapping) else None
    if not isinstance(entries, list):
        raise ImportFailedError("This is not the index of MVT: it should have a list `indicators`.")
    tally = Tally("mvt-index")
    for entry in entries:
        _entry(entry, tally)
    return tally.finish()


def _entry(entry: Any, tally: Tally) -> None:
    if not isinstance(entry, Mapping):
        tally.puzzle("entry", str(entry), "an entry should be a map")
        return
    type_, name = str(entry.get("type") or ""), str(entry.get("name") or "")
    place = entry.get("github")
    if type_ == "github" and isinstance(place, Mapping):
        parts = [str(place.get(part) or "") for part in ("owner", "repo", "branch", "path")]
        if all(parts) and ".." not in parts[3]:
            path = parts[3]
            tally.refer(type_, Reference(_slug(name), name, f"{_RAW}/{'/'.join(map(quote, parts))}", path))
            return
    elif type_ == "download" and str(entry.get("download_url") or "").startswith("https://"):
        address = str(entry["download_url"])
        tally.refer(type_, Reference(_slug(name), name, address, address.rpartition("/")[2]))
        return
    tally.puzzle(type_ or "entry", name, "it does not say where the indicators stand")


def _slug(name: str) -> str:
    words = re.sub(r"(?i)\bindicators? of compromise\b", "", name)
    return "mvt-" + (re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:_LONGEST_SLUG] or "unnamed")
