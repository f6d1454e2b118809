from typing import Any

import pytest
from tests.lab.conftest import App

ALL = ("GroupMember.Read.All", "User.Read.All", "Device.ReadWrite.All")


@pytest.fixture
def graph(app: App) -> App:
    app.consent(*ALL)
    return app


@pytest.fixture
def mobile(graph: App) -> str:
    return str(graph.tenant["groups"]["enrollment"])


def names(answer: Any) -> set[str]:
    return {row["displayName"] for row in answer["value"]}


def error(app: App, path: str, *, eventual: bool = False, **params: Any) -> tuple[int, str]:
    headers = {"ConsistencyLevel": "eventual"} if eventual else {}
    answer = app.call("GET", path, headers=headers, params={f"${k}": v for k, v in params.items()})
    return answer.status_code, answer.json()["error"]["code"]


def test_a_name_is_found_in_any_case_unless_the_switch_says_otherwise(graph: App) -> None:
    found = graph.get("/groups", filter="displayName eq 'mobile users'", select="id,displayName")
    assert names(found) == {"Mobile Users", "mobile users"}
    graph.lab.post("/switches", {"case_sensitive_names": True})
    assert names(graph.get("/groups", filter="displayName eq 'mobile users'")) == {"mobile users"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("startsWith(displayName,'Mobile Users -')", {"Mobile Users - Pilot"}),
        ("startswith(displayName,'mobile users -')", {"Mobile Users - Pilot"}),
        ("displayName in ('Contractors','Kiosk Devices')", {"Contractors", "Kiosk Devices"}),
        ("displayName eq 'Contractors' or displayName eq 'IT Leadership'", {"Contractors", "IT Leadership"}),
        ("displayName eq 'Contractors' and mailEnabled eq true", set()),
        ("displayName eq 'startsWith(x)'", set()),
        ("displayName eq 'O''Brien team'", set()),
    ],
)
def test_filters(graph: App, text: str, found: set[str]) -> None:
    assert names(graph.get("/groups", filter=text)) == found


def test_a_filter_by_id(graph: App, mobile: str) -> None:
    assert names(graph.get("/groups", filter=f"id eq '{mobile}'")) == {"Mobile Users"}


def test_advanced_operators_need_the_header_and_a_count(graph: App) -> None:
    text = "not startsWith(displayName,'M')"
    assert error(graph, "/groups", filter=text) == (400, "Request_UnsupportedQuery")
    found = graph.get("/groups", eventual=True, filter=text, count="true")
    assert "Mobile Users" not in names(found)
    assert found["@odata.count"] == len(found["value"])


def test_search_finds_words_and_needs_the_header(graph: App) -> None:
    assert error(graph, "/groups", search='"displayName:pil"') == (400, "Request_UnsupportedQuery")
    assert names(graph.get("/groups", eventual=True, search='"displayName:pil"')) == {"Mobile Users - Pilot"}
    assert error(graph, "/groups", eventual=True, search="displayName:x")[0] == 400


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"select": "id,bogus"}, "BadRequest"),
        ({"filter": "bogus eq 'x'"}, "BadRequest"),
        ({"filter": "displayName eq"}, "BadRequest"),
        ({"filter": "contains(displayName,'a')"}, "Request_UnsupportedQuery"),
        ({"top": "1000"}, "Request_BadRequest"),
        ({"top": "0"}, "Request_BadRequest"),
        ({"expand": "members"}, "Request_UnsupportedQuery"),
        ({"skiptoken": "~"}, "Directory_ExpiredPageToken"),
    ],
)
def test_bad_queries_are_400(graph: App, params: dict[str, str], code: str) -> None:
    assert error(graph, "/groups", **params) == (400, code)


def test_pages_follow_one_another_without_loss(graph: App, mobile: str) -> None:
    whole = [row["id"] for row in graph.get(f"/groups/{mobile}/members", select="id", top="999")["value"]]
    page = graph.get(f"/groups/{mobile}/members", select="id", top="7")
    seen = [row["id"] for row in page["value"]]
    while "@odata.nextLink" in page:
        assert len(page["value"]) == 7
        page = graph.call("GET", page["@odata.nextLink"]).json()
        seen += [row["id"] for row in page["value"]]
    assert seen == whole
    assert len(whole) > 20


def test_the_page_size_can_be_capped(graph: App) -> None:
    graph.lab.post("/switches", {"page_size": 3})
    assert len(graph.get("/users", top="999")["value"]) == 3
    assert len(graph.get("/users")["value"]) == 3


def test_the_default_page_is_a_hundred(graph: App) -> None:
    graph.lab.post("/reset?phones=150")
    again = graph.lab.post("/apps", {"display_name": "x", "secret": "s", "permissions": ["User.Read.All"]})
    fresh = App(graph.lab, graph.tenant, again["client_id"], "s")
    fresh.consent("User.Read.All")
    assert len(fresh.get("/users")["value"]) == 100


def test_transitive_members_come_once_with_their_types(graph: App, mobile: str) -> None:
    rows = graph.get(f"/groups/{mobile}/transitiveMembers", top="999")["value"]
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))
    nested = {row["displayName"] for row in rows if row["@odata.type"] == "#microsoft.graph.group"}
    assert nested == {"Field Engineers", "Field Engineers Nordics"}


def test_a_loop_of_groups_ends(graph: App) -> None:
    path = f"/tenants/{graph.tid}/groups"
    first = graph.lab.post(path, {"display_name": "A"})["id"]
    second = graph.lab.post(path, {"display_name": "B", "members": [first]})["id"]
    graph.lab.post(f"{path}/{first}/members", {"ids": [second]})
    assert names(graph.get(f"/groups/{first}/transitiveMembers")) == {"B"}


def test_casts_are_advanced_queries(graph: App, mobile: str) -> None:
    path = f"/groups/{mobile}/transitiveMembers/microsoft.graph.user"
    assert error(graph, path, select="id") == (400, "Request_UnsupportedQuery")
    found = graph.get(path, eventual=True, count="true", top="5")
    users = [
        row
        for row in graph.get(f"/groups/{mobile}/transitiveMembers", top="999")["value"]
        if "user" in row["@odata.type"]
    ]
    assert found["@odata.count"] == len(users)
    follow = graph.call("GET", found["@odata.nextLink"], headers={"ConsistencyLevel": "eventual"}).json()
    assert "@odata.count" not in follow
    number = graph.call("GET", f"{path}/$count", headers={"ConsistencyLevel": "eventual"})
    assert number.text == str(len(users))
    unknown = f"/groups/{mobile}/members/microsoft.graph.printer"
    assert error(graph, unknown, eventual=True, count="true") == (400, "Request_UnsupportedQuery")


def test_members_of_unreadable_types_are_only_an_id(app: App) -> None:
    app.consent("GroupMember.Read.All", "Device.Read.All")
    rows = app.get(f"/groups/{app.tenant['groups']['enrollment']}/members", select="id,displayName")["value"]
    users = [row for row in rows if row["@odata.type"] == "#microsoft.graph.user"]
    groups = [row for row in rows if row["@odata.type"] == "#microsoft.graph.group"]
    assert all(set(row) == {"@odata.type", "id"} for row in users)
    assert all("displayName" in row for row in groups)


def test_hidden_members_need_their_own_permission(graph: App) -> None:
    made = graph.lab.post(
        f"/tenants/{graph.tid}/groups", {"display_name": "H", "visibility": "HiddenMembership"}
    )
    assert graph.call("GET", f"/groups/{made['id']}/members").status_code == 403
    graph.consent(*ALL, "Member.Read.Hidden")
    assert graph.call("GET", f"/groups/{made['id']}/members").status_code == 200


def test_membership_checks_see_through_nesting(graph: App) -> None:
    ada, full = graph.tenant["accounts"]["global_administrator"], graph.tenant["groups"]["full"]
    other = graph.tenant["groups"]["restricted"]
    ask = {"groupIds": [full, other]}
    assert graph.call("POST", f"/users/{ada}/checkMemberGroups", json=ask).json()["value"] == [full]
    objects = graph.call("POST", f"/users/{ada}/getMemberObjects", json={"securityEnabledOnly": True})
    assert full in objects.json()["value"]
    assert (
        objects.json()
        == graph.call("POST", f"/users/{ada}/getMemberGroups", json={"securityEnabledOnly": True}).json()
    )
    many = {"groupIds": [full] * 21}
    assert graph.call("POST", f"/users/{ada}/checkMemberGroups", json=many).status_code == 400
    assert graph.call("POST", f"/users/{ada}/checkMemberGroups", json={"groupIds": 5}).status_code == 400


def test_a_users_devices_and_groups(graph: App) -> None:
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]
    owner = device["owner_ids"][0]
    for relation in ("ownedDevices", "registeredDevices"):
        assert device["id"] in {row["id"] for row in graph.get(f"/users/{owner}/{relation}")["value"]}
    groups = graph.get(f"/users/{owner}/transitiveMemberOf")["value"]
    assert graph.tenant["groups"]["enrollment"] in {row["id"] for row in groups}
    owners = graph.get(f"/devices/{device['id']}/registeredOwners")["value"]
    assert [row["id"] for row in owners] == [owner]
    assert graph.get(f"/users/{device['upn'].upper()}")["id"] == owner


def test_a_device_by_either_id(graph: App) -> None:
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]
    found = [
        graph.get(f"/devices/{device['id']}"),
        graph.get(f"/devices(deviceId='{device['device_id']}')"),
        graph.get("/devices", filter=f"deviceId eq '{device['device_id']}'")["value"][0],
    ]
    assert {row["id"] for row in found} == {device["id"]}
    assert graph.call("GET", f"/devices/{device['device_id']}").status_code == 404


def patch(app: App, device: str, body: Any) -> int:
    return app.call("PATCH", f"/devices/{device}", json=body).status_code


def test_attributes_are_written_one_by_one_and_cleared_by_null(graph: App) -> None:
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]["id"]
    assert patch(graph, device, {"extensionAttributes": {"extensionAttribute1": "mtd:high"}}) == 204
    assert patch(graph, device, {"extensionAttributes": {"extensionAttribute2": "theirs"}}) == 204
    shown = graph.get(f"/devices/{device}", select="extensionAttributes")["extensionAttributes"]
    assert (shown["extensionAttribute1"], shown["extensionAttribute2"]) == ("mtd:high", "theirs")
    text = "extensionAttributes/extensionAttribute1 eq 'mtd:high'"
    assert error(graph, "/devices", filter=text)[0] == 400
    found = graph.get("/devices", eventual=True, count="true", filter=text, select="id")
    assert [row["id"] for row in found["value"]] == [device]
    assert patch(graph, device, {"extensionAttributes": {"extensionAttribute1": None}}) == 204
    shown = graph.get(f"/devices/{device}")["extensionAttributes"]
    assert (shown["extensionAttribute1"], shown["extensionAttribute2"]) == (None, "theirs")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"accountEnabled": False}, 403),
        ({"extensionAttributes": {}, "displayName": "x"}, 403),
        ({"extensionAttributes": {"extensionAttribute16": "x"}}, 400),
        ({"extensionAttributes": {"extensionAttribute1": "x" * 1025}}, 400),
        ({"extensionAttributes": {"extensionAttribute1": 7}}, 400),
        ({"extensionAttributes": "x"}, 400),
        ([], 400),
    ],
)
def test_an_application_may_write_nothing_else_of_a_phone(graph: App, body: Any, status: int) -> None:
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]["id"]
    assert patch(graph, device, body) == status


def test_linux_devices_cannot_be_written_by_applications(graph: App) -> None:
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]["id"]
    graph.lab.patch(f"/tenants/{graph.tid}/devices/{device}", {"operating_system": "Linux"})
    assert patch(graph, device, {"extensionAttributes": {"extensionAttribute1": "x"}}) == 403


def test_groups_are_made_and_members_written(graph: App) -> None:
    graph.consent(*ALL, "Group.Create", "GroupMember.ReadWrite.All")
    body = {"displayName": "MTD", "mailEnabled": False, "mailNickname": "mtd", "securityEnabled": True}
    assert graph.call("POST", "/groups", json={**body, "mailNickname": None}).status_code == 400
    made = graph.call("POST", "/groups", json=body)
    assert made.status_code == 201
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]
    path = f"/groups/{made.json()['id']}/members"
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{device['id']}"}
    assert graph.call("POST", f"{path}/$ref", json=reference).status_code == 204
    again = graph.call("POST", f"{path}/$ref", json=reference)
    assert again.status_code == 400
    assert "already exist" in again.json()["error"]["message"]
    assert [row["id"] for row in graph.get(path)["value"]] == [device["id"]]
    assert graph.call("DELETE", f"{path}/{device['id']}/$ref").status_code == 204
    assert graph.call("DELETE", f"{path}/{device['id']}/$ref").status_code == 404
    wrong = {"@odata.id": reference["@odata.id"].replace(device["id"], device["device_id"])}
    assert graph.call("POST", f"{path}/$ref", json=wrong).status_code == 404
    assert graph.call("POST", f"{path}/$ref", json={"@odata.id": "x"}).status_code == 400


def test_a_rule_fills_a_dynamic_group_not_an_application(graph: App) -> None:
    graph.consent(*ALL, "GroupMember.ReadWrite.All")
    everyone = graph.get("/groups", filter="displayName eq 'All Employees'")["value"][0]["id"]
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{device}"}
    assert graph.call("POST", f"/groups/{everyone}/members/$ref", json=reference).status_code == 400


def test_revoking_sessions_ends_a_persons_tokens(graph: App) -> None:
    graph.consent(*ALL, "User.RevokeSessions.All")
    upn = graph.tenant["accounts"]["full"]
    location = graph.login(upn, scope="openid User.Read").headers["location"]
    code = location.partition("code=")[2].partition("&")[0]
    form = {"grant_type": "authorization_code", "scope": None, "code": code}
    token = graph.token_request(**form, redirect_uri=graph.sign_in_values()["redirect_uri"]).json()[
        "access_token"
    ]
    assert graph.call("GET", "/me", token=token).status_code == 200
    assert graph.call("POST", f"/users/{upn}/revokeSignInSessions").json()["value"] is True
    assert graph.call("GET", "/me", token=token).status_code == 401


def test_ids_in_answers_come_back_in_headers(graph: App) -> None:
    answer = graph.call("GET", "/groups", headers={"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"
    refused = graph.call("GET", "/groups/nobody", headers={"client-request-id": "mine"})
    inner = refused.json()["error"]["innerError"]
    assert (inner["client-request-id"], inner["request-id"]) == ("mine", refused.headers["request-id"])
    assert set(inner) == {"date", "request-id", "client-request-id"}


def test_an_address_that_is_none_is_400(graph: App) -> None:
    assert error(graph, "/gruops") == (400, "BadRequest")
