"""The connectors' pages over HTTP: what each person may see and do, bad input, and questions before an act."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from tests.connectors.scene import Scene
from tests.support.console import Member, settings, sign_in, text
from tests.support.world import ADA

from vedette.compliance import lifecycle
from vedette.connectors import errors
from vedette.connectors.errors import Advice, Problem
from vedette.connectors.intune import group_views, heartbeat
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.partner import switch
from vedette.foundation import config, database
from vedette.foundation.graph import Patience

ROOT = "/system/connectors/"
NOBODY = "0b7c6f0e-5d5f-4b57-9a3c-2f6f3f9f9a01"
INTUNE = f"{ROOT}intune/"
TABS = [f"{INTUNE}{tab}/" for tab in ("connection", "enrollment", "state-sync", "unsupported", "errors")]
PAGES = [ROOT, *TABS, f"{ROOT}partner/", f"{ROOT}partner/off"]
ACTS = [
    f"{INTUNE}connection/beat",
    f"{INTUNE}enrollment/add",
    f"{INTUNE}enrollment/poll",
    f"{INTUNE}enrollment/{NOBODY}/remove",
    f"{INTUNE}errors/{NOBODY}/acknowledge",
    f"{ROOT}partner/on",
    f"{ROOT}partner/off",
    *TABS[:3],
    TABS[4],
]
CONNECTION = {
    "heartbeat_minutes": "10",
    "missed_allowed": "3",
    "android_enabled": "on",
    "ios_enabled": "on",
}
SYNC = {"sync_device_status": "on", "sync_threat_status": "on", "attribute_number": "1"}
ENROLLMENT = {
    "poll_minutes": "5",
    "scope": "intune",
    "minimum_android": "10",
    "minimum_ios": "16.0",
    "seen_within_days": "90",
}


@pytest.fixture(autouse=True)
def pages(microsoft: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert microsoft
    monkeypatch.setattr(group_views, "PATIENCE", Patience(1, seconds=1.0))
    monkeypatch.setattr(heartbeat, "PATIENCE", Patience(1, seconds=1.0))
    with settings(tmp_path):
        yield


@pytest.fixture
def owner(scene: Scene) -> Member:
    return sign_in(scene.world, "full")


@pytest.fixture
def ready(scene: Scene) -> Scene:
    """Set up, one group enrolled and polled, armed and published."""
    scene.set_up()
    scene.beat()
    scene.add_group("Company Phones")
    scene.poll()
    scene.arm()
    scene.publish()
    return scene


# --- who may


def test_every_address_of_the_connectors_is_in_the_lists_of_these_tests() -> None:
    known = {re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", path) for path in [*PAGES, *ACTS]}
    found = {re.sub(r"<[^>]*>", "*", f"/{path}") for path in routes("system/connectors/")}
    assert found - known == {f"{INTUNE}enrollment/search"}


def routes(prefix: str) -> Iterator[str]:
    def walk(patterns: Any, before: str) -> Iterator[str]:
        for pattern in patterns:
            path = f"{before}{pattern.pattern}"
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, path)
            else:
                yield path

    return (path for path in walk(get_resolver().url_patterns, "") if path.startswith(prefix))


@pytest.mark.parametrize("path", PAGES)
def test_an_owner_sees_each_page(owner: Member, path: str) -> None:
    assert owner.get(path).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, f"{INTUNE}enrollment/search"])
def test_restricted_access_is_told_why_not(scene: Scene, path: str) -> None:
    page = sign_in(scene.world, "restricted").get(path)
    assert page.status_code == 403
    assert "does not include the module “Connectors”" in text(page)


@pytest.mark.parametrize("path", ACTS)
def test_restricted_access_can_do_nothing(ready: Scene, path: str) -> None:
    before = ready.actions()
    assert sign_in(ready.world, "restricted").post(path, **CONNECTION).status_code == 403
    assert [name for name in ready.actions() if name not in before] in ([], ["administrator.signed_in"])


@pytest.mark.parametrize("path", [*PAGES, f"{INTUNE}enrollment/search"])
def test_nobody_is_sent_to_sign_in_and_back(path: str) -> None:
    page = Client().get(path)
    assert page.status_code == 302
    assert page["Location"].startswith("/signin?next=%2Fsystem%2Fconnectors%2F")


@pytest.mark.parametrize("path", ACTS)
def test_a_form_from_nowhere_is_refused(owner: Member, path: str) -> None:
    """Without the token of the form: somebody else's page made the browser send it."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.client.cookies
    assert strict.post(path, CONNECTION).status_code == 403


def test_a_stranger_sees_and_changes_only_their_own(ready: Scene, new_scene: Callable[[], Scene]) -> None:
    stranger = sign_in(new_scene().world, "full", "stranger")
    error = errors.record(ready.tenant_id, "intune", Problem("poll", "secret_code", "Secret trouble."))
    group = ready.group("Company Phones")["id"]
    for path in [*TABS, ROOT]:
        page = text(stranger.get(path))
        for secret in ("Company Phones", group, "Secret trouble", *[d.display_name for d in ready.devices()]):
            assert secret not in page
    assert stranger.post(f"{INTUNE}errors/{error.pk}/acknowledge").status_code == 404
    assert ready.errors(code="secret_code")[0].acknowledged_at is None
    assert stranger.get(f"{INTUNE}enrollment/{group}/remove").status_code == 404
    assert stranger.post(f"{INTUNE}enrollment/{group}/remove").status_code == 404
    with database.tenant(ready.tenant_id):
        assert EnrollmentGroup.objects.count() == 1
    found = stranger.post(f"{INTUNE}enrollment/add", object_id=group)
    assert found.status_code == 422
    assert "no group with this object ID" in text(found)


def test_a_group_of_another_tenant_cannot_be_found(ready: Scene, new_scene: Callable[[], Scene]) -> None:
    other = new_scene()
    other.lab.post(f"{other.path}/groups", {"display_name": "Only Theirs"})
    member = sign_in(ready.world, "full")
    assert "Only Theirs" not in text(member.get(f"{INTUNE}enrollment/search", name="only"))
    assert "No such group" in text(member.post(f"{INTUNE}enrollment/add", name="Only Theirs"))


# --- connection settings


def test_setting_the_connector_up_leads_to_ready(scene: Scene, owner: Member) -> None:
    fresh = text(owner.get(TABS[0]))
    assert "Create connector" in fresh
    assert fresh.count("Save the connection settings first") >= 4, "the other tabs wait"
    values = {**CONNECTION, "android_enabled": "", "ios_enabled": ""}
    assert "Waiting for the first heartbeat" in text(owner.follow(TABS[0], **values))
    assert "The heartbeat succeeded" in text(owner.follow(f"{INTUNE}connection/beat"))
    page = text(owner.get(TABS[0]))
    assert "Your Intune connector is now ready" in page
    assert "Turn a platform on to enable it" in page
    page = text(owner.follow(TABS[0], **CONNECTION))
    assert "Your changes are saved" in page
    assert "Enabled" in page
    assert scene.connector().state == "enabled"
    assert "connector.settings_changed" in scene.actions()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("heartbeat_minutes", "0"),
        ("heartbeat_minutes", "1441"),
        ("heartbeat_minutes", "ten"),
        ("heartbeat_minutes", ""),
        ("heartbeat_minutes", "9" * 30),
        ("missed_allowed", "0"),
        ("missed_allowed", "-1"),
    ],
)
def test_connection_settings_that_make_no_sense_are_refused_with_the_reason(
    scene: Scene, owner: Member, field: str, value: str
) -> None:
    page = owner.post(TABS[0], **{**CONNECTION, field: value})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in text(page)
    assert scene.connector().saved_at is None


def test_a_platform_is_turned_off_only_after_a_question_with_numbers(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    values = {**CONNECTION, "android_enabled": ""}
    page = text(owner.post(TABS[0], **values))
    android = len(ready.devices(platform="ANDROID"))
    assert "Withdraw what was sent?" in page
    assert re.search(rf"Phones whose value is withdrawn</dt>\s*<dd>{android}</dd>", page)
    assert ready.connector().android_enabled
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page))
    hidden.pop("csrfmiddlewaretoken", None)
    assert hidden["confirmed"] == "1"
    assert "Your changes are saved" in text(owner.follow(TABS[0], **hidden))
    assert not ready.connector().android_enabled
    assert ready.connector().ios_enabled


def test_a_heartbeat_that_fails_says_what_to_do(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.lab.delete(f"{ready.path}/consents/{ready.microsoft.client_id}")
    page = text(owner.follow(f"{INTUNE}connection/beat"))
    assert "Global Administrator" in page
    assert "Microsoft no longer lets Vedette in" in page
    assert "Unavailable" in page
    ready.lab.post(f"{ready.path}/consents", {"client_id": ready.microsoft.client_id})


# --- enrollment


def test_a_group_is_found_previewed_and_added(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    found = text(owner.get(f"{INTUNE}enrollment/search", name="night"))
    group = ready.group("Night Shift")["id"]
    assert "Night Shift" in found
    assert group in found
    page = text(owner.post(f"{INTUNE}enrollment/add", name="Night Shift", include_nested="on"))
    assert "Enroll the devices of Night Shift?" in page
    assert re.search(r"People</dt>\s*<dd>2</dd>", page)
    with database.tenant(ready.tenant_id):
        assert EnrollmentGroup.objects.count() == 1, "nothing is added before it is confirmed"
    page = text(owner.follow(f"{INTUNE}enrollment/add", object_id=group, confirmed="1"))
    assert "Night Shift is enrolled" in page
    with database.tenant(ready.tenant_id):
        assert EnrollmentGroup.objects.get(object_id=group).include_nested is False


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("company phones", "Did you mean this one?"),
        ("Nobody at all", "No such group"),
        ("", "Type the group&#x27;s display name"),
        ("x" * 257, "at most 256 characters"),
        ("<script>alert(1)</script>", "No such group"),
    ],
)
def test_a_name_that_fits_nothing_is_answered_in_place(owner: Member, name: str, answer: str) -> None:
    page = owner.post(f"{INTUNE}enrollment/add", name=name)
    assert page.status_code == 422
    assert answer in text(page)
    assert "<script>alert" not in text(page)


def test_several_groups_of_a_name_are_chosen_by_object_id(scene: Scene, owner: Member) -> None:
    ids = [scene.lab.post(f"{scene.path}/groups", {"display_name": "Twins"})["id"] for _ in range(2)]
    page = text(owner.post(f"{INTUNE}enrollment/add", name="Twins"))
    assert "Several groups have this name" in page
    assert all(f'name="object_id" value="{one}"' in page for one in ids)


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"mail_enabled": True}, "is a mailing list (distribution group), not a security group"),
    ({"group_types": ["Unified"]}, "is a Microsoft 365 group that is not security-enabled"),
    ({}, "is not a security group"),
]
FIT: list[tuple[dict[str, Any], str]] = [
    ({"mail_enabled": True}, "This is a mail-enabled security group"),
    ({"group_types": ["Unified"]}, "This is a Microsoft 365 group that is security-enabled"),
    ({"group_types": ["DynamicMembership"]}, "Its membership is dynamic"),
    ({"is_assignable_to_role": True}, "Entra roles can be assigned to it"),
    ({}, "Their phones appear under Devices as pending"),
]


def test_each_kind_of_group_gets_its_true_message(scene: Scene, owner: Member) -> None:
    """However it is chosen: by its exact name, in the wrong case, or by object ID."""
    add = f"{INTUNE}enrollment/add"
    for number, (kind, words) in enumerate(UNFIT):
        name = f"Unfit {number}"
        body = {"display_name": name, "security_enabled": False, **kind}
        object_id = scene.lab.post(f"{scene.path}/groups", body)["id"]
        for chosen in ({"name": name}, {"object_id": object_id}, {"name": name.upper()}):
            for confirmed in ({}, {"confirmed": "1"}):
                answer = owner.post(add, **chosen, **confirmed)
                assert answer.status_code == 422
                page = text(answer)
                assert f"“{name}” {words}" in page, chosen
                assert "No such group" not in page
                assert ("the name is case-sensitive too" in page) == (chosen == {"name": name.upper()})
    for number, (kind, words) in enumerate(FIT):
        body = {"display_name": f"Fit {number}", **kind}
        object_id = scene.lab.post(f"{scene.path}/groups", body)["id"]
        for chosen in ({"name": f"Fit {number}"}, {"object_id": object_id}):
            answer = owner.post(add, **chosen)
            assert answer.status_code == 200
            assert words in text(answer), chosen
    with database.tenant(scene.tenant_id):
        assert not EnrollmentGroup.objects.exists()


def test_a_group_with_hidden_membership_names_the_missing_permission(scene: Scene, owner: Member) -> None:
    body = {"display_name": "Secret", "visibility": "HiddenMembership"}
    scene.lab.post(f"{scene.path}/groups", body)
    answer = owner.post(f"{INTUNE}enrollment/add", name="Secret")
    assert answer.status_code == 422
    assert "The membership of “Secret” is hidden" in text(answer)
    assert "Member.Read.Hidden" in text(answer)


@pytest.mark.parametrize("object_id", ["7", "not-a-guid", NOBODY])
def test_an_object_id_that_is_none_is_answered(owner: Member, object_id: str) -> None:
    assert owner.post(f"{INTUNE}enrollment/add", object_id=object_id).status_code == 422


def test_while_microsoft_does_not_answer_the_page_says_so(scene: Scene, owner: Member) -> None:
    scene.fault("GET /v1.0/groups", status=500)
    page = owner.post(f"{INTUNE}enrollment/add", name="Company Phones")
    assert page.status_code == 422
    assert "Microsoft could not be asked" in text(page)
    assert "Microsoft could not be asked" in text(owner.get(f"{INTUNE}enrollment/search", name="comp"))
    assert owner.get(f"{INTUNE}enrollment/search", name="a\0b").status_code == 200


def test_taking_a_group_out_says_how_many_devices_leave(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    company, night = (ready.group(name)["id"] for name in ("Company Phones", "Night Shift"))
    ready.add_group("Night Shift")
    page = text(owner.get(f"{INTUNE}enrollment/{company}/remove"))
    theirs = [d for d in ready.devices() if str(d.owner_oid) not in ready.group("Night Shift")["members"]]
    assert re.search(rf"Devices that leave</dt>\s*<dd>{len(theirs)}</dd>", page)
    assert re.search(
        r"Devices that leave</dt>\s*<dd>0</dd>", text(owner.get(f"{INTUNE}enrollment/{night}/remove"))
    )
    ready.fault("GET /v1.0/groups", status=500)
    assert "could not be counted" in text(owner.get(f"{INTUNE}enrollment/{company}/remove"))
    ready.mend()
    assert "no longer enrolled" in text(owner.follow(f"{INTUNE}enrollment/{company}/remove"))
    with database.tenant(ready.tenant_id):
        assert [str(row.object_id) for row in EnrollmentGroup.objects.all()] == [night]


def test_limits_that_take_devices_out_are_asked_about(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    values = {**ENROLLMENT, "minimum_ios": "99"}
    page = text(owner.post(TABS[1], **values))
    apples = len(ready.devices(platform="IOS"))
    assert "Protect fewer devices?" in page
    assert re.search(rf"Devices that leave</dt>\s*<dd>{apples}</dd>", page)
    assert ready.connector().minimum_ios == "16.0"
    assert "Saved" in text(owner.follow(TABS[1], **values, confirmed="1"))
    assert ready.poll().left == apples
    wider = {**ENROLLMENT, "scope": "registered", "poll_minutes": "7"}
    assert "Saved" in text(owner.follow(TABS[1], **wider)), "what takes nobody out is not asked about"
    assert (ready.connector().scope, ready.connector().poll_minutes) == ("registered", 7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("poll_minutes", "0"),
        ("poll_minutes", "1441"),
        ("minimum_android", "new"),
        ("minimum_ios", ""),
        ("seen_within_days", "0"),
        ("scope", "everything"),
    ],
)
def test_enrollment_settings_that_make_no_sense_are_refused(
    scene: Scene, owner: Member, field: str, value: str
) -> None:
    page = owner.post(TABS[1], **{**ENROLLMENT, field: value})
    assert page.status_code == 200
    assert "v-error" in text(page)
    assert scene.connector().scope == "intune"


def test_a_failed_reading_is_shown_with_the_last_good_one(ready: Scene) -> None:
    ready.fault("GET /v1.0/devices", status=403)
    ready.poll()
    page = text(sign_in(ready.world, "full").get(TABS[1]))
    assert "Failed" in page
    assert "Nobody was taken out because of it" in page
    assert re.search(r"Devices to protect</dt>\s*<dd>13</dd>", page)


# --- state sync


def test_a_switch_is_turned_off_only_after_a_question_with_numbers(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.activated()
    values = {**SYNC, "sync_threat_status": ""}
    page = text(owner.post(TABS[2], **values))
    assert re.search(r"Phones whose value is withdrawn</dt>\s*<dd>1</dd>", page)
    assert re.search(r"blocked by a fail-closed rule \(-notIn\)</dt>\s*<dd>1</dd>", page)
    assert ready.connector().sync_threat_status
    page = text(owner.follow(TABS[2], **values, confirmed="1"))
    assert "Incomplete" in page
    assert not ready.connector().sync_threat_status
    assert ready.connector().state == "enabled", "incomplete is a warning beside the state"


def test_the_attribute_is_changed_only_after_a_question_with_numbers(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    taken, gone = ready.devices()[:2]
    ready.set_attribute(taken, "BYOD", 5)
    ready.set_attribute(ready.devices()[2], "mtd:high", 5)  # left by an earlier installation: ours
    ready.poll()
    lifecycle.deactivate(gone, "lost", ADA)
    ready.publish()
    values = {**SYNC, "attribute_number": "5"}
    page = text(owner.post(TABS[2], **values))
    assert "Move to another attribute?" in page
    for words, count in (
        ("Phones whose value is cleared from extensionAttribute1", 12),
        ("Phones whose value is written to extensionAttribute5", 11),
        ("Phones with somebody else&#x27;s value in extensionAttribute5, which is left alone", 1),
    ):
        assert re.search(rf"{re.escape(words)}</dt>\s*<dd>{count}</dd>", page), words
    assert ready.connector().attribute_number == 1
    assert "Your changes are saved" in text(owner.follow(TABS[2], **values, confirmed="1"))
    assert ready.connector().attribute_number == 5
    ready.publish()
    assert (ready.attribute(taken), ready.attribute(taken, 5)) == (None, "BYOD")
    assert sum(ready.attribute(device, 5) == "mtd:pending" for device in ready.devices()) == 11
    # both at once are one question
    page = text(owner.post(TABS[2], **{**SYNC, "sync_device_status": "", "attribute_number": "6"}))
    assert "Withdraw what was sent?" in page
    assert "written to extensionAttribute6" in page
    assert "Move to another attribute?" not in text(owner.follow(TABS[2], **values)), "nothing to ask"


@pytest.mark.parametrize("number", ["0", "16", "", "one"])
def test_no_such_attribute(scene: Scene, owner: Member, number: str) -> None:
    assert 'aria-invalid="true"' in text(owner.post(TABS[2], **{**SYNC, "attribute_number": number}))
    assert scene.connector().attribute_number == 1


@pytest.mark.parametrize(
    ("minimum", "blocked"),
    [
        ("", "[&quot;mtd:high&quot;, &quot;mtd:disconnected&quot;]"),
        ("medium", "[&quot;mtd:medium&quot;, &quot;mtd:high&quot;, &quot;mtd:disconnected&quot;]"),
        ("nonsense", "[&quot;mtd:high&quot;, &quot;mtd:disconnected&quot;]"),
    ],
)
def test_the_rule_is_ready_to_paste_for_each_level(owner: Member, minimum: str, blocked: str) -> None:
    assert f"device.extensionAttribute1 -in {blocked}" in text(owner.get(TABS[2], minimum=minimum))


def test_it_says_how_far_the_rule_reaches(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    assert "13 of 13 protected phones can be blocked" in text(owner.get(TABS[2]))
    ready.save(scope="registered")
    ready.poll()
    page = text(owner.get(TABS[2]))
    assert "13 of 14 protected phones can be blocked" in page
    assert "1 protected phone is only registered in Entra" in page


def test_what_arrived_is_counted(ready: Scene) -> None:
    device = ready.device()
    ready.set_attribute(device, "BYOD")
    ready.poll()
    ready.publish()
    page = text(sign_in(ready.world, "full").get(TABS[2]))
    assert re.search(r"Written</dt><dd>12</dd>", page)
    assert "Value of somebody else" in page


# --- unsupported devices


def test_unsupported_devices_are_searched_filtered_and_explained(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    page = text(owner.get(TABS[3]))
    assert "Operating system too old" in page
    assert "Enroll it in Intune, or protect every registered device" in page
    only = text(owner.get(TABS[3], reason="os_too_old"))
    assert "Enroll it in Intune" not in only
    assert "Nothing matches" in text(owner.get(TABS[3], q="no such phone"))
    assert owner.get(TABS[3], sort="nonsense", page="-3", reason="?", q="%_\0'").status_code == 200


# --- errors


def test_errors_now_and_past_with_what_to_do(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    assert "No errors now" in text(owner.get(TABS[4]))
    advice = Advice("The flux is <low>.", "Raise it.")
    error = errors.record(
        ready.tenant_id, "intune", Problem("poll", "flux", "Graph: 500 flux: 100 % off", advice)
    )
    page = text(owner.get(TABS[4]))
    for words in (
        "Errors now",
        "The flux is &lt;low&gt;.",
        "Raise it.",
        "100 % off",
        "Reading the directory",
    ):
        assert words in page
    assert "Past errors" not in page
    assert "Acknowledged" in text(owner.follow(f"{INTUNE}errors/{error.pk}/acknowledge"))
    errors.passed(ready.tenant_id, "intune", "poll")
    page = text(owner.get(TABS[4]))
    assert "No errors now" in page
    assert "Past errors" in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ops@example.test", ["ops@example.test"]),
        ("a@example.test; b@example.test\nA@example.test b@example.test", None),
        ("", []),
    ],
)
def test_recipients_of_errors(scene: Scene, owner: Member, typed: str, kept: list[str] | None) -> None:
    page = text(owner.follow(TABS[4], error_emails=typed))
    assert "Your changes are saved" in page
    assert scene.connector().error_emails == (
        kept if kept is not None else ["a@example.test", "b@example.test", "A@example.test"]
    )
    assert ("go to the primary contact" in page) == (kept == [])


@pytest.mark.parametrize("typed", ["the team next door", "a@b", "a@example.test, nobody", "x" * 4001])
def test_what_is_no_address_is_refused(scene: Scene, owner: Member, typed: str) -> None:
    page = text(owner.post(TABS[4], error_emails=typed))
    assert "v-error" in page
    assert scene.connector().error_emails == []


# --- overview and partner


def test_the_overview_shows_each_connector_with_its_state(ready: Scene) -> None:
    page = text(sign_in(ready.world, "full").get(ROOT))
    for words in ("Microsoft Intune", "Enabled", "Last heartbeat", "Intune partner interface (simulation)"):
        assert words in page
    assert "has not reported for 30 days" in page


def test_incomplete_stands_beside_the_state_on_the_overview_too(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    assert "Incomplete" not in text(owner.get(ROOT))
    for switch_name in ("sync_device_status", "sync_threat_status"):
        ready.save(**{switch_name: False})
        page = text(owner.get(ROOT))
        assert re.search(r"Enabled</span>\s*<span[^>]*>[^E]*Incomplete", page), "a warning beside the state"
        assert "Device status and threat status are both needed" in page
        ready.save(**{switch_name: True})


def test_the_partner_adapter_is_turned_on_and_after_a_question_off(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    page = f"{ROOT}partner/"
    assert "A simulation" in text(owner.get(page))
    assert "The adapter is on" in text(owner.follow(f"{page}on"))
    ready.publish("partner")
    assert "Being worked on" in text(owner.get(page))
    assert "Turn the adapter off?" in text(owner.get(f"{page}off"))
    assert "The adapter is off" in text(owner.follow(f"{page}off"))
    with database.tenant(ready.tenant_id):
        assert not switch.link_of(ready.tenant_id).enabled


def test_a_refusal_of_microsofts_side_is_shown(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.fault("PUT /partner", status=403)
    assert "Microsoft&#x27;s side refused" in text(owner.follow(f"{ROOT}partner/on"))


def test_where_it_is_not_offered_there_is_no_partner_page(
    owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VEDETTE_PARTNER_SIMULATION")
    config.current.cache_clear()
    assert owner.get(f"{ROOT}partner/").status_code == 404
    assert owner.post(f"{ROOT}partner/on").status_code == 404
    assert "partner interface" not in text(owner.get(ROOT))


def test_reading_the_directory_now_makes_the_poll_due(ready: Scene) -> None:
    assert "The directory is read now" in text(
        sign_in(ready.world, "full").follow(f"{INTUNE}enrollment/poll")
    )
    connector = ready.connector()
    assert connector.next_poll_at is not None
    assert connector.last_synchronised_at is not None
    assert connector.next_poll_at - connector.last_synchronised_at < dt.timedelta(minutes=4)


def test_acknowledging_is_by_the_person_who_did_it(ready: Scene) -> None:
    error = errors.record(ready.tenant_id, "intune", Problem("poll", "flux", "It broke."))
    member = sign_in(ready.world, "full", "vera")
    member.post(f"{INTUNE}errors/{error.pk}/acknowledge")
    assert ready.errors(code="flux")[0].acknowledged_by == member.administrator.upn
