"""The list of what is collected is the schema of the facts: nothing is missing, nothing is made up."""

from vedette_facts.collected import FIELDS, group_of, groups, paths
from vedette_facts.collected_words import GROUPS, NEVER
from vedette_facts.privacy import Collect


def test_every_field_of_the_schema_has_words_and_no_words_are_left_over() -> None:
    assert set(paths()) == set(FIELDS)
    assert {group_of(path) for path in paths()} == set(GROUPS)
    assert sum(len(group.fields) for group in groups()) == len(FIELDS)


def test_both_languages_say_something() -> None:
    said = [*FIELDS.values(), *NEVER, *(words for pair in GROUPS.values() for words in pair)]
    assert all(words.en.strip() and words.fr.strip() for words in said)
    assert NEVER[3].in_language("fr-CA") == "Position"
    assert NEVER[3].in_language("de") == "Location"


def test_what_becomes_of_a_field_follows_the_choice() -> None:
    fields = {field.path: field for group in groups() for field in group.fields}
    matched = Collect(applications="matched")
    assert fields["apps[].package"].fate(matched) == "matched"
    assert fields["settings.default_sms"].fate(Collect(applications="none")) == "none"
    assert fields["settings.selinux"].fate(matched) == "kept"
    assert fields["network.ssid"].fate(matched) == "hashed"
    assert fields["network.ssid"].fate(Collect(network_names=True)) == "kept"
