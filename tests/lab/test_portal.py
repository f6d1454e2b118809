"""The lab's portal over HTTP: forms, their errors, and what they change."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.http_server import client_certificate
from tests.support.lab import Lab
from tests.support.lab_scene import RULE


class Portal:
    """A person at the portal of one organisation."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.tenant = str(lab.tenant()["id"])
        self.ada = f"ada@{lab.tenant()['domain']}"

    def get(self, path: str = "", **params: str) -> httpx.Response:
        return self.lab.client.get(f"/portal/{self.tenant}{path}", params=params)

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return self.lab.client.post(f"/portal/{self.tenant}{path}", data=data or {}, headers=headers)

    def saved(self, path: str, data: dict[str, Any]) -> httpx.Response:
        answer = self.post(path, data)
        assert answer.status_code == 303, answer.text
        return self.lab.client.get(answer.headers["location"])

    def group(self, name: str = "Console admins", members: str = "") -> str:
        page = self.saved("/groups/new", {"name": name, "members": members, "type": "security"})
        return str(page.url).rpartition("/")[2].partition("?")[0]


@pytest.fixture
def portal(lab: Lab) -> Portal:
    return Portal(lab)


def alert(answer: httpx.Response) -> str:
    found = re.search(r'role="alert"><p>(.*?)</p>', answer.text, re.DOTALL)
    return found.group(1) if found else ""


PAGES = [
    "",
    "/users",
    "/groups",
    "/groups/new",
    "/devices",
    "/apps",
    "/sign-ins",
    "/connectors",
    "/compliance",
    "/compliance/new",
    "/conditional-access",
    "/conditional-access/new",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_under_a_strict_policy(portal: Portal, path: str) -> None:
    answer = portal.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r'(src|href)="(https?:)?//', answer.text), "nothing is loaded from elsewhere"


@pytest.mark.parametrize(
    "path",
    [
        "/users/x",
        "/groups/x",
        "/devices/x",
        "/sign-ins/x",
        "/connectors/x",
        "/compliance/x",
        "/apps/x",
        "/nothing",
    ],
)
def test_what_does_not_exist_is_said_in_words(portal: Portal, path: str) -> None:
    answer = portal.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text


def test_an_unknown_organisation(lab: Lab) -> None:
    assert lab.client.get("/portal/nowhere/users").status_code == 404
    assert lab.client.post("/portal/nowhere/groups/new").status_code == 404
    assert lab.client.get("/phone/nowhere").status_code == 404


def test_empty_lists_say_what_to_do(portal: Portal) -> None:
    for path, words in {
        "/conditional-access": "every sign-in is allowed",
        "/compliance": "No compliance policy",
        "/connectors": "No connector",
        "/sign-ins": "Nobody has signed in yet",
        "/apps": "Nobody has consented",
    }.items():
        assert words in portal.get(path).text


def test_a_group_is_created_filled_and_shows_its_object_id(portal: Portal) -> None:
    group = portal.group(members=portal.ada)
    page = portal.get(f"/groups/{group}").text
    assert f'data-copy="{group}"' in page
    assert "1 users, 0 devices, 0 groups" in page
    nested = portal.group("Nested", members=group)
    portal.saved(f"/groups/{group}/members", {"member": f"noah@{portal.ada.partition('@')[2]}"})
    page = portal.get(f"/groups/{nested}").text
    assert re.search(r"nested ones included</dt><dd>2</dd>", page)
    ada = re.search(r"users/([0-9a-f-]{36})", portal.get("/users", q=portal.ada).text)
    assert ada is not None
    portal.saved(f"/groups/{group}/members/{ada.group(1)}/remove", {})
    assert portal.ada not in portal.get(f"/groups/{group}").text
    portal.saved(f"/groups/{group}/delete", {})
    assert portal.get(f"/groups/{group}").status_code == 404


def test_groups_refuse_with_a_reason(portal: Portal) -> None:
    assert "needs a name" in alert(portal.post("/groups/new", {"name": " "}))
    wrong = portal.post("/groups/new", {"name": "x", "members": "nobody@example.test"})
    assert wrong.status_code == 400
    assert "nobody@example.test" in alert(wrong)
    group = portal.group(members=portal.ada)
    for member, words in {
        "nobody": "is no user",
        portal.ada: "member already",
        group: "its own member",
    }.items():
        answer = portal.post(f"/groups/{group}/members", {"member": member})
        assert answer.status_code == 400
        assert words in alert(answer)
    dynamic = re.search(r'groups/([0-9a-f-]{36})">All Employees', portal.get("/groups").text)
    assert dynamic is not None
    refused = portal.post(f"/groups/{dynamic.group(1)}/members", {"member": portal.ada})
    assert "come from its rule" in alert(refused)


def test_names_are_shown_as_text(portal: Portal) -> None:
    portal.group("<img src=x onerror=alert(1)>")
    page = portal.get("/groups").text
    assert "&lt;img src=x" in page
    assert "<img" not in page


def test_forms_of_other_sites_are_refused(portal: Portal) -> None:
    answer = portal.post("/groups/new", {"name": "Stolen"}, Origin="https://elsewhere.example")
    assert answer.status_code == 403
    assert "Stolen" not in portal.get("/groups").text
    assert portal.post("/groups/new", {"name": "Own"}, Origin=portal.lab.url).status_code == 303


def access_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Block at risk",
        "state": "enabledForReportingButNotEnforced",
        "all_users": "on",
        "applications": "All",
        "include_platforms": ["android", "iOS"],
        "filter_mode": "include",
        "filter_rule": RULE,
        "grant": "block",
    } | changes


def policy_id(portal: Portal) -> str:
    found = re.search(r'conditional-access/([0-9a-f-]{36})"', portal.get("/conditional-access").text)
    assert found is not None
    return found.group(1)


def test_an_access_policy_lives_through_all_its_states(portal: Portal) -> None:
    page = portal.saved("/conditional-access/new", access_form()).text
    assert "Report-only" in page
    assert "All users on Android, iOS" in page
    policy = policy_id(portal)
    for state, word in {"enabled": "On", "disabled": "Off"}.items():
        assert f": {word}." in portal.saved(f"/conditional-access/{policy}/state", {"state": state}).text
    form = portal.get(f"/conditional-access/{policy}").text
    assert "mtd:disconnected" in form
    assert 'value="disabled" id="state-disabled" checked' in form
    change = access_form(name="Changed", grant="grant", controls=["compliantDevice", "mfa"], operator="OR")
    page = portal.saved(f"/conditional-access/{policy}", change).text
    assert "Changed" in page
    assert "marked as compliant or Require multifactor" in page
    portal.saved(f"/conditional-access/{policy}/delete", {})
    assert "every sign-in is allowed" in portal.get("/conditional-access").text


def test_a_single_person_can_be_included_and_excluded(portal: Portal) -> None:
    rescue = portal.ada.replace("ada", "breakglass")
    form = access_form(all_users="", include_users=portal.ada, exclude_users=rescue)
    portal.saved("/conditional-access/new", form)
    page = portal.get(f"/conditional-access/{policy_id(portal)}").text
    assert portal.ada in page
    assert rescue in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"all_users": ""}, "whom the policy is for"),
        ({"all_users": "", "include_users": "nobody"}, "is no user"),
        ({"exclude_users": "nobody"}, "is no user"),
        ({"applications": "selected"}, "applications that the policy protects"),
        ({"include_platforms": [], "exclude_platforms": ["iOS"]}, "choose what to include"),
        ({"filter_mode": ""}, "devices that match the rule"),
        ({"filter_rule": 'device.colour -eq "red"'}, "no attribute device.colour"),
        ({"filter_rule": 'device.model -eq "x'}, "never closed"),
        ({"grant": "grant"}, "at least one control"),
        ({"state": "perhaps"}, "state"),
    ],
)
def test_access_policies_are_refused_with_a_reason(
    portal: Portal, change: dict[str, Any], words: str
) -> None:
    answer = portal.post("/conditional-access/new", access_form(**change))
    assert answer.status_code == 400
    assert words in alert(answer)
    assert "every sign-in is allowed" in portal.get("/conditional-access").text


def compliance_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "MTD",
        "kind": "androidWorkProfileCompliancePolicy",
        "level": "medium",
        "minimum_os": "14",
        "patch_level": "2025-01-05",
        "block_root": "on",
        "grace_days": "0.25",
        "all_users": "on",
    } | changes


def test_a_compliance_policy_is_made_changed_and_deleted(portal: Portal) -> None:
    group = portal.group()
    page = portal.saved("/compliance/new", compliance_form(all_users="", groups=[group])).text
    assert "Console admins" in page
    assert "Medium" in page
    found = re.search(r'compliance/([0-9a-f-]{36})"', page)
    assert found is not None
    form = portal.get(f"/compliance/{found.group(1)}").text
    for content in ('value="0.25"', 'value="14"', 'value="2025-01-05"', 'value="medium" selected'):
        assert content in form
    page = portal.saved(f"/compliance/{found.group(1)}", compliance_form(name="Renamed", level="")).text
    assert "Renamed" in page
    assert "not asked" in page
    portal.saved(f"/compliance/{found.group(1)}/delete", {})
    assert "No compliance policy" in portal.get("/compliance").text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"kind": "windowsPolicy"}, "Choose a platform"),
        ({"level": "extreme"}, "threat levels"),
        ({"minimum_os": "new"}, "is not a version"),
        ({"patch_level": "January"}, "is not a patch level"),
        ({"grace_days": "soon"}, "number of days"),
        ({"grace_days": "-1"}, "number of days"),
        ({"grace_days": "nan"}, "number of days"),
        ({"grace_days": "inf"}, "number of days"),
        ({"grace_days": "400"}, "number of days"),
        ({"groups": ["gone"]}, "does not exist"),
    ],
)
def test_compliance_policies_are_refused_with_a_reason(
    portal: Portal, change: dict[str, Any], words: str
) -> None:
    answer = portal.post("/compliance/new", compliance_form(**change))
    assert answer.status_code == 400
    assert words in alert(answer)


def test_the_tenant_can_be_secure_by_default(portal: Portal) -> None:
    portal.saved("/compliance/default", {"secure": "yes"})
    portal.saved("/devices/sync", {})
    assert "Noncompliant" in portal.get("/devices", q="noncompliant").text


def test_a_connector_is_added_saved_and_removed(portal: Portal) -> None:
    page = portal.saved("/connectors", {})
    connector = str(page.url).rpartition("/")[2].partition("?")[0]
    assert "Not set up" in page.text
    days = "partner_unresponsiveness_threshold_in_days"
    saved = portal.saved(f"/connectors/{connector}", {"android_enabled": "on", days: "3"}).text
    assert 'id="android-enabled" checked' in saved
    assert 'value="3"' in saved
    for wrong in ("0", "400", "many", ""):
        assert "must be 1 to 365" in alert(portal.post(f"/connectors/{connector}", {days: wrong}))
    portal.saved(f"/connectors/{connector}/delete", {})
    assert "No connector" in portal.get("/connectors").text


def test_consents_are_listed_with_their_permissions(portal: Portal) -> None:
    wanted = {"display_name": "Vedette", "secret": "x", "permissions": ["Device.Read.All"]}
    client = portal.lab.post("/apps", wanted)["client_id"]
    portal.lab.post(f"/tenants/{portal.tenant}/consents", {"client_id": client})
    page = portal.get("/apps").text
    assert "Device.Read.All" in page
    assert client in page


def test_lists_are_searched_and_paged(portal: Portal) -> None:
    assert "page 1 of" in portal.get("/users").text or "in all" in portal.get("/users").text
    assert "No user matches" in portal.get("/users", q="zzzzzz").text
    for page in ("0", "-1", "999", "x", "²"):
        assert portal.get("/users", page=page).status_code == 200
    assert portal.ada in portal.get("/users", q="ADA@").text


def test_an_account_is_disabled_and_enabled(portal: Portal) -> None:
    found = re.search(r"users/([0-9a-f-]{36})", portal.get("/users", q="noah").text)
    assert found is not None
    assert (
        "The account is disabled" in portal.saved(f"/users/{found.group(1)}/account", {"enabled": "no"}).text
    )
    assert (
        "The account is enabled" in portal.saved(f"/users/{found.group(1)}/account", {"enabled": "yes"}).text
    )


def test_a_phone_is_jailbroken_in_the_portal(portal: Portal) -> None:
    phone = portal.lab.get(f"/tenants/{portal.tenant}/devices", story=1)[0]
    form = {"jail_broken": "True", "is_encrypted": "no", "os_version": "15", "security_patch": "2026-01-05",
            "apps": "TheSpy | Somebody | 9\nNotes"}  # fmt: skip
    page = portal.saved(f"/devices/{phone['id']}/intune", form)
    assert "Saved and checked in" in page.text
    managed = portal.lab.get(f"/tenants/{portal.tenant}/devices/{phone['id']}")["managed"]
    assert (managed["jail_broken"], managed["is_encrypted"]) == ("True", False)
    assert [app["name"] for app in managed["apps"]] == ["TheSpy", "Notes"]
    assert managed["last_sync"] > phone["managed"]["last_sync"]


def test_a_registration_is_made_by_hand_and_proves_itself(portal: Portal, tmp_path: Path) -> None:
    """What the product's set-up wizard asks for: redirect URI, permissions, consent, one credential of each kind."""
    page = portal.saved("/apps", {"name": "By hand"})
    here = "/apps/" + str(page.url.path).rpartition("/")[2]
    client_id = here.rpartition("/")[2]
    redirect = "https://vedette.example/auth/callback"
    portal.saved(here, {"act": "authentication", "web": f"{redirect}\n", "public": "http://localhost"})
    portal.saved(here, {"act": "permissions", "permission": ["Device.Read.All", "No.Such"]})
    portal.saved(here, {"act": "consent"})
    made = portal.post(here, {"act": "secret", "days": "90"})
    (secret,) = re.findall(r'data-copy="([^"]+)" aria-label="Copy the secret"', made.text)
    assert secret not in portal.get(here).text, "shown once"
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = f"/{portal.tenant}/oauth2/v2.0/token"
    scope = "https://graph.microsoft.com/.default"
    given = portal.lab.client.post(token, data={**form, "scope": scope}).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert portal.lab.client.get("/v1.0/devices", params={"$top": 1}, headers=headers).status_code == 200
    certificate, _key = client_certificate(tmp_path)
    portal.saved(here, {"act": "certificate", "pem": certificate.read_text()})
    federated = {"act": "federated", "issuer": "https://issuer.example", "subject": "s", "audience": "a"}
    portal.saved(here, federated)
    (app,) = [each for each in portal.lab.get("/apps") if each["client_id"] == client_id]
    assert (app["redirect_uris"], app["permissions"]) == ([redirect], ["Device.Read.All"])
    assert (len(app["certificates"]), app["secrets"], len(app["federated"])) == (1, 1, 1)
    portal.saved(here, {"act": "forget", "kind": "secret", "number": "0"})
    assert portal.lab.client.post(token, data={**form, "scope": scope}).status_code == 401
    for wrong, words in (
        ({"act": "authentication", "web": "http://elsewhere.example"}, "is no redirect URI"),
        ({"act": "certificate", "pem": "no"}, "no certificate in PEM"),
        (federated, "already"),
        ({"act": "secret", "days": "7"}, "Choose when"),
        ({"act": "forget", "kind": "secret", "number": "0"}, "gone already"),
        ({"act": "dance"}, "not known"),
    ):
        answer = portal.post(here, wrong)
        assert (answer.status_code, words in alert(answer)) == (400, True), wrong
