"""Security Policy > Privacy: what is collected stands there, and changing it says what it does first."""

import pytest
from tests.support.console import Member, sign_in, text
from tests.support.world import BAD_PACKAGE, World, facts, load_intelligence

from vedette.compliance.assess import assess
from vedette.devices import privacy
from vedette.foundation import database

pytestmark = pytest.mark.database
PAGE = "/policy/privacy/"
WISH = {"company": "kept", "personal": "none", "unknown": "none"}


def chosen(world: World) -> privacy.Privacy:
    with database.tenant(world.tenant_id):
        return privacy.read()


def test_everybody_of_the_tenant_reads_what_is_collected(world: World) -> None:
    for level in ("full", "restricted"):
        shown = text(sign_in(world, level, f"{level}-reader").get(PAGE))
        assert "Security patch level" in shown
        assert "Location" in shown
        assert ("See what it changes" in shown) is (level == "full")


def test_a_change_is_shown_with_its_consequences_then_saved(world: World, full: Member) -> None:
    load_intelligence()
    (phone,) = world.activated()
    world.report(phone, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    asked = text(full.post(PAGE, **WISH))
    assert "1 phone: Do not collect it" in asked
    assert "1 is closed: nobody looks any more" in asked
    assert chosen(world).unknown == "kept"
    full.post(PAGE, **WISH, confirmed="1")
    assert chosen(world) == privacy.Privacy(personal="none", unknown="none")
    assert "not collected" in text(full.get(PAGE))


@pytest.mark.parametrize("bad", [{"personal": "sold"}, {"company": ""}])
def test_what_is_no_choice_is_refused(world: World, full: Member, bad: dict[str, str]) -> None:
    answer = full.post(PAGE, **(WISH | bad))
    assert answer.status_code == 422
    assert chosen(world).personal == "kept"


def test_restricted_access_changes_nothing(world: World, restricted: Member) -> None:
    assert restricted.post(PAGE, **WISH, confirmed="1").status_code == 403
    assert chosen(world).personal == "kept"


def test_another_organisation_keeps_its_own_choice(full: Member, stranger: Member) -> None:
    full.post(PAGE, **WISH, confirmed="1")
    assert chosen(stranger.world).personal == "kept"


def test_in_french(full: Member) -> None:
    full.client.cookies["vedette_language"] = "fr"
    shown = text(full.get(PAGE))
    assert "Jamais collecté" in shown
    assert "Niveau du correctif de sécurité" in shown
