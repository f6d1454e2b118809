"""The tabs Access and Rules: what Microsoft lets us do, and what its rules make of it."""

from tests.connectors.conftest import PARTNER
from tests.connectors.pages.addresses import INTUNE
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text
from tests.support.microsoft import PERMISSIONS

from vedette.connectors.intune import readings
from vedette.foundation.graph import Graph

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


def test_the_rules_page_says_what_enforces_and_the_dashboard_and_arming_say_it_too(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    page = text(owner.get(RULES))
    assert "Vedette may not read your rules" in page
    assert "Your changes are saved" in text(owner.follow(RULES, declared_minimum="medium"))
    assert "your rule blocks from Medium up" in text(owner.get(RULES))
    page = text(owner.get("/dashboard/"))
    assert "Blocked by a rule from Medium up" in page
    assert "mtd:medium" in text(owner.get("/system/account/"))
    allowed = [*PERMISSIONS, *PARTNER, "Policy.Read.All"]
    grant = {"client_id": ready.microsoft.client_id, "permissions": allowed}
    ready.lab.post(f"{ready.path}/consents", grant)
    Graph(ready.organisation.id).fresh_token()
    assert "Vedette is looking" in text(owner.follow(f"{ACCESS}read", back="rules"))
    readings.read_due(ready.tenant_id)
    page = text(owner.get(RULES))
    assert "Nothing enforces this yet" in page
    assert "Say what your rule does" not in page
    assert "Nothing enforces this yet" in text(owner.get("/dashboard/"))
    ready.lab.post(f"{ready.path}/ca-policies", RULE)
    readings.read(ready.tenant_id, "rules")
    page = text(owner.get(RULES))
    assert "blocks phones from High up" in page
    assert "leave your emergency (break-glass) accounts out" in page
    assert "Nothing enforces this yet" not in text(owner.get("/dashboard/"))


def test_the_hand_outs_are_filled_with_this_tenants_values(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.save(attribute_number=7)
    page = text(owner.get(f"{INTUNE}handouts/", minimum="medium"))
    assert "device.extensionAttribute7 -in" in page
    assert "mtd:medium" in page
    assert ready.group("Company Phones")["id"] in page
    assert str(ready.organisation.id) in page
    assert page.count("data-copy=") >= 9
    page = text(owner.get(f"{INTUNE}handouts/", minimum="nonsense"))
    assert "MTD - block from high up" in page, "High is the default"


RULES = f"{INTUNE}rules/"
RULE = {
    "displayName": "MTD block <b>",
    "state": "enabled",
    "conditions": {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
        "platforms": {"includePlatforms": ["android", "iOS"]},
        "devices": {"deviceFilter": {"mode": "include", "rule": 'device.extensionAttribute1 -eq "mtd:high"'}},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}
