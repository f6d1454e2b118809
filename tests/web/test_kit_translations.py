from __future__ import annotations

from pathlib import Path

import polib
import pytest

from vedette.web import translations


def catalogue(tmp_path: Path, *entries: polib.POEntry) -> Path:
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    file = polib.POFile()
    file.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n > 1);",
    }
    file.extend(entries)
    file.save(str(folder / "django.po"))
    return folder / "django.po"


@pytest.mark.parametrize("source", translations.sources(), ids=lambda path: path.parent.parent.name)
def test_languages_are_complete_where_everyone_reads_them(source: Path) -> None:
    assert list(translations.faults(source)) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (polib.POEntry(msgid="Hi %(name)s", msgstr="Salut"), "leaves out"),
        (polib.POEntry(msgid="Hi", msgstr="Salut %(name)s"), "has placeholders"),
        (polib.POEntry(msgid="Hi", msgstr="", occurrences=[("phone/pages.py", "")]), "not translated"),
        (polib.POEntry(msgid="Hi", msgstr="Salut", flags=["fuzzy"]), "fuzzy"),
        (
            polib.POEntry(
                msgid="%(n)d day", msgid_plural="%(n)d days", msgstr_plural={0: "un jour", 1: "%(m)d jours"}
            ),
            "has placeholders",
        ),
    ],
)
def test_faults_are_found(tmp_path: Path, entry: polib.POEntry, fault: str) -> None:
    found = list(translations.faults(catalogue(tmp_path, entry)))
    assert len(found) == 1
    assert fault in found[0]


def test_what_is_right_is_no_fault(tmp_path: Path) -> None:
    source = catalogue(
        tmp_path,
        polib.POEntry(msgid="Hi %(name)s", msgstr="Salut %(name)s"),
        polib.POEntry(
            msgid="%(n)d day", msgid_plural="%(n)d days", msgstr_plural={0: "un jour", 1: "%(n)d jours"}
        ),
    )
    assert list(translations.faults(source)) == []


def test_compiled_once_and_again_only_when_changed(tmp_path: Path) -> None:
    source = catalogue(tmp_path, polib.POEntry(msgid="Sign in", msgstr="Se connecter"))
    assert translations.compile_all(tmp_path) == [source.with_suffix(".mo")]
    assert translations.compile_all(tmp_path) == []
    assert polib.mofile(str(source.with_suffix(".mo"))).find("Sign in").msgstr == "Se connecter"
