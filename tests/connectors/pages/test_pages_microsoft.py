"""The tabs Access and Rules: what Microsoft lets us do, and what its rules make of it."""

from tests.connectors.pages.addresses import INTUNE
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text

from vedette.connectors.intune import readings

ACCESS = f"{INTUNE}access/"


def test_the_access_page_shows_what_was_tried_and_the_link_for_who_can_grant(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    page = text(owner.get(ACCESS))
    assert page.count("Not known") >= 8, "nothing was tried yet, and nothing is assumed"
    assert "Vedette is looking" in text(owner.follow(f"{ACCESS}read"))
    readings.read_due(ready.tenant_id)
    page = text(owner.get(ACCESS))
    assert "User.RevokeSessions.All" in page
    assert "Sessions cannot be ended" in page, "what is off because of it"
    assert f"/{ready.organisation.id}/v2.0/adminconsent?client_id={ready.microsoft.client_id}" in page
    assert "%2F.default" in page


def test_an_answer_to_a_link_that_was_handed_over_is_explained_and_believed_in_nothing(
    scene: Scene, owner: Member
) -> None:
    before = scene.actions()
    accepted = owner.get("/consent/callback?state=handed-over&admin_consent=True")
    assert (accepted.status_code, "was accepted" in text(accepted)) == (200, True)
    refused = owner.get("/consent/callback?state=handed-over&admin_consent=True&error=consent_required")
    assert (refused.status_code, "Nothing was granted" in text(refused)) == (403, True)
    assert scene.actions() == before
