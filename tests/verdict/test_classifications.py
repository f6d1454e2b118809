"""The 49 classifications are complete in both languages and have the published defaults."""

import re
from pathlib import Path

import pytest

from vedette.verdict.classifications import CLASSIFICATIONS, Family, classification
from vedette.verdict.risk import Response, Risk

ROW = re.compile(r"^\|\s?(\d+) \| ([A-Z_]+) \| (.+?) \| .+? \| (A|i|A\+i|i/A) \|", re.MULTILINE)


def test_there_are_49() -> None:
    assert len(CLASSIFICATIONS) == 49


def test_codes_aliases_and_platforms_are_those_of_the_reference(shared_dir: Path) -> None:
    rows = ROW.findall((shared_dir / "reference" / "lookout.md").read_text())
    platforms = {"A": {"ANDROID"}, "i": {"IOS"}, "A+i": {"ANDROID", "IOS"}, "i/A": {"ANDROID", "IOS"}}
    published = {
        code: (alias if alias.isascii() else None, platforms[system]) for _, code, alias, system in rows
    }
    ours = {code: (c.alias, set(c.platforms)) for code, c in CLASSIFICATIONS.items()}
    assert len(rows) == 49
    assert ours == published


@pytest.mark.parametrize("code", CLASSIFICATIONS)
def test_each_has_its_words_in_both_languages(code: str) -> None:
    texts = CLASSIFICATIONS[code].text
    assert set(texts) == {"en", "fr"}
    for text in texts.values():
        for words in (text.title, text.description, text.mend):
            assert words.strip() == words
            assert len(words) >= 3
        assert text.description.endswith(".")
        assert text.mend.endswith(".")
    assert texts["en"].mend != texts["fr"].mend


def test_no_two_share_a_title() -> None:
    for language in ("en", "fr"):
        titles = [c.words(language).title for c in CLASSIFICATIONS.values()]
        assert len(set(titles)) == 49


@pytest.mark.parametrize(
    ("code", "risk", "response"),
    [  # the rows whose default is public ([P] in lookout.md 1.5)
        ("TROJAN", Risk.HIGH, Response.ALERT),
        ("SURVEILLANCEWARE", Risk.HIGH, Response.ALERT),
        ("RISKWARE", Risk.LOW, Response.ALERT),
        ("SIDELOADED_APP", Risk.LOW, Response.SILENT),
        ("NON_APP_STORE_SIGNER", Risk.LOW, Response.SILENT),
        ("OUT_OF_DATE_OS", Risk.MEDIUM, Response.ALERT),
        ("OUT_OF_DATE_ASPL", Risk.ADVISORY, Response.ALERT),
        ("PORT_SCAN", Risk.ADVISORY, Response.ALERT),
        ("ACTIVE_MITM", Risk.HIGH, Response.ALERT),
        ("PHISHING_CONTENT", Risk.HIGH, Response.BLOCK_AND_ALERT),
        ("DENYLISTED_CONTENT", Risk.MEDIUM, Response.BLOCK_AND_ALERT),
    ],
)
def test_published_defaults(code: str, risk: Risk, response: Response) -> None:
    assert (CLASSIFICATIONS[code].default_risk, CLASSIFICATIONS[code].default_response) == (risk, response)


def test_families() -> None:
    assert CLASSIFICATIONS["TROJAN"].family is Family.APPLICATION
    assert CLASSIFICATIONS["ROOT_JAILBREAK"].family is Family.OS
    assert CLASSIFICATIONS["NON_APP_STORE_SIGNER"].family is Family.CONFIGURATION
    assert set(CLASSIFICATIONS["UNKNOWN"].types) == set(Family)


def test_language_falls_back_to_english() -> None:
    root = CLASSIFICATIONS["ROOT_JAILBREAK"]
    assert root.words("fr-CA").title == "Téléphone rooté ou débridé"
    assert root.words("de") == root.words("en")
    assert root.title == root.words("en").title


def test_an_unlisted_code_is_unknown_not_an_error() -> None:
    assert classification("SOMETHING_NEW").code == "UNKNOWN"
