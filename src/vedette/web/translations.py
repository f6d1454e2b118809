"""Compile and check the languages: `python -m vedette.web.translations [--check]`.

`.po` files are edited by people and kept; `.mo` files are made from them with polib, so neither building nor
running needs gettext's programs. How to add texts: docs/translations.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polib

LOCALE: Final = Path(__file__).resolve().parent.parent / "locale"

PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def compile_all(locale: Path = LOCALE) -> list[Path]:
    """Write a `.mo` beside each `.po` that is newer or of other content; return those written."""
    return [target for source in sources(locale) if (target := compile_one(source)) is not None]


def compile_one(source: Path) -> Path | None:
    """Compile one file; None when its `.mo` says the same already."""
    target = source.with_suffix(".mo")
    content = polib.pofile(str(source)).to_binary()
    if target.exists() and target.read_bytes() == content:
        return None
    target.write_bytes(content)
    return target


def sources(locale: Path = LOCALE) -> list[Path]:
    """Return every `.po` file."""
    return sorted(locale.glob("*/LC_MESSAGES/*.po"))


def faults(source: Path) -> Iterator[str]:
    """Yield what is wrong in one file, a line each.

    Placeholders that differ, entries marked fuzzy, and texts without translation: a page half in one language and
    half in another is worse than a whole one.
    """
    for entry in polib.pofile(str(source)):
        if entry.obsolete:
            continue
        where = f"{source.parent.parent.name}: {entry.msgid!r}"
        if entry.fuzzy:
            yield f"{where}: marked fuzzy; check it and remove the mark"
        elif not entry.translated():
            yield f"{where}: not translated"
        else:
            yield from (f"{where}: {fault}" for fault in placeholder_faults(entry))


def placeholder_faults(entry: polib.POEntry) -> Iterator[str]:
    """Yield where a translation has other placeholders than its source; a singular may leave the count out."""
    originals = {entry.msgid, entry.msgid_plural} - {""}
    allowed = set().union(*(PLACEHOLDER.findall(text) for text in originals))
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    for text in texts:
        found = set(PLACEHOLDER.findall(text))
        if found - allowed:
            yield f"{text!r} has placeholders that the source has not: {sorted(found - allowed)}"
        elif allowed - found and not entry.msgid_plural:
            yield f"{text!r} leaves out {sorted(allowed - found)}"


def main(arguments: list[str]) -> int:
    """Compile every file, or with --check say what is wrong in them."""
    if "--check" in arguments:
        found = [fault for source in sources() for fault in faults(source)]
        sys.stdout.writelines(f"{fault}\n" for fault in found)
        return 1 if found else 0
    sys.stdout.writelines(f"{target}: compiled\n" for target in compile_all())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
