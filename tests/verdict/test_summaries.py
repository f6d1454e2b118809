"""A stored threat can be told again, in either language, from its evidence."""

import string

from hypothesis import given
from hypothesis import strategies as st

from vedette.verdict.findings import Evidence
from vedette.verdict.summaries import SUMMARIES, summary_in


def test_both_languages_and_the_same_facts_in_each() -> None:
    for texts in SUMMARIES.values():
        assert set(texts) == {"en", "fr"}
        fields = [{name for _, name, _, _ in string.Formatter().parse(t) if name} for t in texts.values()]
        assert fields[0] == fields[1]


def test_told_in_the_readers_language() -> None:
    evidence = [
        Evidence("os_version", "11", "device.minimum_os"),
        Evidence("minimum", "13", "device.minimum_os"),
    ]
    assert summary_in("en", evidence) == "The system is version 11; your organisation asks for 13 or later."
    assert (summary_in("fr-CA", evidence) or "").startswith("Le système est en version 11")
    assert summary_in("de", evidence) == summary_in("en", evidence)


def test_what_cannot_be_told() -> None:
    assert summary_in("en", []) is None
    assert summary_in("en", [Evidence("a", "b", "no.such.rule")]) is None
    assert summary_in("en", [Evidence("os_version", "11", "device.minimum_os")]) is None


@given(st.text(), st.text())
def test_values_from_a_phone_are_never_read_as_a_template(name: str, installer: str) -> None:
    evidence = [
        Evidence("app", name, "apps.sideloaded"),
        Evidence("installer", installer, "apps.sideloaded"),
    ]
    told = summary_in("en", evidence)
    assert told == f"{name} was not installed from an official store (installed by {installer})."
