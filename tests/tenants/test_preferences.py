"""A person's own settings (E5, G): off for new people, kept with the person, in their language."""

from collections.abc import Callable

import pytest
from tests.support.microsoft import Organisation
from tests.tenants.conftest import Person, actions, administrators, text

from vedette.tenants.models import Administrator, Tenant

Someone = Callable[[str], Person]


@pytest.fixture
def row(connected: Callable[[], Tenant]) -> Tenant:
    return connected()


@pytest.fixture
def person(row: Tenant, organisation: Organisation, someone: Someone) -> Person:
    assert row.status == "consented"
    found = someone(organisation.people["restricted"])
    found.sign_in()
    return found


def stored(row: Tenant, upn: str) -> Administrator:
    return next(found for found in administrators(row) if found.upn == upn)


def test_for_new_people_every_notification_is_off(person: Person, row: Tenant) -> None:
    found = stored(row, person.upn)
    assert (found.notify_high, found.notify_medium, found.notify_low) == (False, False, False)
    assert "Do you want an e-mail" not in text(person.get("/dashboard/"))


def test_the_primary_contact_is_asked_once(
    account: Tenant, organisation: Organisation, someone: Someone
) -> None:
    grace = someone(organisation.people["global_administrator"])
    grace.onboard()
    assert "Do you want an e-mail" in text(grace.get("/dashboard/"))
    assert "Leaving all off is an answer too" in text(grace.get("/preferences/"))
    grace.pages.post("/preferences/", {"theme": "system", "language": ""})
    assert "Do you want an e-mail" not in text(grace.get("/dashboard/"))
    found = stored(account, grace.upn)
    assert found.notifications_asked
    assert not found.notify_high


def test_settings_are_saved_and_said_to_be(person: Person, row: Tenant) -> None:
    sent = {"notify_high": "on", "notify_low": "on", "theme": "dark", "language": "en"}
    saved = person.pages.post("/preferences/", sent, follow=True)
    assert "Your preferences were saved." in text(saved)
    found = stored(row, person.upn)
    assert (found.notify_high, found.notify_medium, found.notify_low) == (True, False, True)
    assert (found.theme, found.language) == ("dark", "en")
    assert actions(row.id)[-1] == "administrator.preferences_changed"
    del sent["notify_low"]
    person.pages.post("/preferences/", sent)
    assert not stored(row, person.upn).notify_low


def test_the_language_is_the_persons_also_on_the_page_that_confirms(person: Person) -> None:
    saved = person.pages.post("/preferences/", {"theme": "system", "language": "fr"}, follow=True)
    page = text(saved)
    assert 'lang="fr"' in page
    assert "Vos préférences ont été enregistrées." in page
    person.pages.cookies.pop("vedette_language")
    assert 'lang="fr"' in text(person.get("/preferences/"))


def test_what_is_no_choice_is_refused(person: Person, row: Tenant) -> None:
    for sent in ({"theme": "pink"}, {"theme": "dark", "language": "tlh"}, {}):
        assert person.pages.post("/preferences/", sent).status_code == 400
    assert stored(row, person.upn).theme == "system"


def test_theme_and_language_at_the_foot_of_a_page_stay_with_the_person(person: Person, row: Tenant) -> None:
    person.pages.post("/appearance", {"theme": "dark", "next": "/dashboard/"})
    person.pages.post("/appearance", {"language": "fr", "next": "/dashboard/"})
    found = stored(row, person.upn)
    assert (found.theme, found.language) == ("dark", "fr")
