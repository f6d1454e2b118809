"""Delta queries as strict as Graph's (microsoft.md 2.7)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.lab.conftest import App
from tests.lab.test_graph_conformance import Metadata, check

DAY = 86_400


@pytest.fixture
def graph(app: App) -> Iterator[App]:
    app.consent("GroupMember.Read.All", "User.Read.All", "Device.Read.All")
    yield app
    app.lab.post("/clock", {"offset_seconds": 0})


@pytest.fixture
def group(graph: App) -> str:
    """A group of its own with twelve people."""
    people = [graph.lab.post(f"/tenants/{graph.tid}/users", person(number))["id"] for number in range(12)]
    made = graph.lab.post(f"/tenants/{graph.tid}/groups", {"display_name": "Delta", "members": people})
    return str(made["id"])


def person(number: int) -> dict[str, str]:
    return {"given_name": f"Delta{number}", "surname": "Test"}


def round_of(graph: App, link: str, **params: Any) -> tuple[list[dict[str, Any]], list[int], str]:
    """Follow a round to its end: items, how many came on each page, and the delta link."""
    items, sizes = [], []
    page = graph.get(link, **params)
    while True:
        items += page["value"]
        sizes.append(len(page["value"]))
        if "@odata.nextLink" not in page:
            return items, sizes, str(page["@odata.deltaLink"])
        assert "@odata.deltaLink" not in page
        page = graph.get(page["@odata.nextLink"])


def members(items: list[dict[str, Any]]) -> dict[str, bool]:
    """Every member that was told of, and whether they are in; the last word counts."""
    told = [row for item in items for row in item.get("members@delta", [])]
    return {row["id"]: "@removed" not in row for row in told}


def latest(graph: App, kind: str, **params: str) -> str:
    items, sizes, link = round_of(graph, f"/{kind}/delta", deltatoken="latest", **params)
    assert (items, sizes) == ([], [0])
    return link


def changes(graph: App, link: str) -> list[dict[str, Any]]:
    return round_of(graph, link)[0]


def status(graph: App, path: str, **params: str) -> tuple[int, str]:
    answer = graph.call("GET", path, params={f"${name}": value for name, value in params.items()} or None)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


@pytest.mark.parametrize("kind", ["users", "groups", "devices"])
def test_a_first_round_lists_everything_in_pages_and_then_nothing_changes(
    graph: App, kind: str, metadata: Metadata
) -> None:
    plain = {row["id"] for row in graph.get(f"/{kind}", top="999")["value"]}
    graph.lab.post("/switches", {"page_size": 7})
    items, sizes, link = round_of(graph, f"/{kind}/delta")
    assert {item["id"] for item in items} == plain
    assert max(sizes) == 7
    assert len(sizes) > 1
    check(metadata, items, kind.removesuffix("s"))
    assert round_of(graph, link)[:2] == ([], [0])


@pytest.fixture(scope="module")
def metadata(shared_dir: Path) -> Metadata:
    return Metadata(shared_dir / "specs/graph")


def test_the_token_carries_the_options_and_tells_nothing_else(graph: App, group: str) -> None:
    link = latest(graph, "groups", select="displayName,members", filter=f"id eq '{group}'")
    assert set(parse_qs(urlsplit(link).query)) == {"$deltatoken"}
    assert group not in link
    other = graph.tenant["groups"]["enrollment"]
    for key in (group, other):
        graph.lab.patch(f"/tenants/{graph.tid}/groups/{key}", {"display_name": "Renamed", "description": "x"})
    (item,) = changes(graph, link)
    assert item == {"id": group, "displayName": "Renamed"}


def test_a_large_group_comes_again_on_page_after_page(graph: App, group: str) -> None:
    graph.lab.post(f"/tenants/{graph.tid}/crowd", {"group": group, "people": 1200})
    items, sizes, _ = round_of(graph, "/groups/delta", select="members", filter=f"id eq '{group}'")
    assert [item["id"] for item in items] == [group] * len(items)
    assert len(sizes) > 1
    assert sum(members(items).values()) == 1212
    with_type = [row for item in items for row in item["members@delta"]]
    assert {row["@odata.type"] for row in with_type} == {"#microsoft.graph.user"}


def test_who_came_and_who_left_is_told_once_as_it_is_now(graph: App, group: str) -> None:
    first, second = list(members(round_of(graph, "/groups/delta", select="members")[0]))[:2]
    link = latest(graph, "groups", select="members", filter=f"id eq '{group}'")
    path = f"/tenants/{graph.tid}/groups/{group}/members"
    inside = graph.lab.post(path, {"ids": [first]})["members"]
    graph.lab.post(path, {"ids": [second]})
    graph.lab.delete(f"{path}/{second}")
    graph.lab.delete(f"{path}/{inside[0]}")
    (item,) = changes(graph, link)
    assert members([item]) == {first: True, second: False, inside[0]: False}
    assert item["members@delta"][1]["@removed"] == {"reason": "deleted"}


def test_without_members_in_select_no_members_are_told(graph: App, group: str) -> None:
    items = round_of(graph, "/groups/delta", filter=f"id eq '{group}'")[0]
    assert "members@delta" not in items[0]
    assert items[0]["displayName"] == "Delta"


def test_the_hidden_members_of_a_group_need_their_permission(graph: App) -> None:
    user = graph.lab.post(f"/tenants/{graph.tid}/users", person(99))["id"]
    body = {"display_name": "Hidden", "visibility": "HiddenMembership", "members": [user]}
    group = graph.lab.post(f"/tenants/{graph.tid}/groups", body)["id"]
    (item,) = round_of(graph, "/groups/delta", select="members", filter=f"id eq '{group}'")[0]
    assert "members@delta" not in item


def test_a_soft_deleted_person_is_told_by_users_and_not_by_their_group_until_purged(
    graph: App, group: str
) -> None:
    user = next(iter(members(round_of(graph, "/groups/delta", select="members")[0])))
    graph.lab.post(f"/tenants/{graph.tid}/groups/{group}/members", {"ids": [user]})
    users = latest(graph, "users", select="id")
    groups = latest(graph, "groups", select="members")
    graph.lab.delete(f"/tenants/{graph.tid}/users/{user}")
    assert changes(graph, users) == [{"id": user, "@removed": {"reason": "changed"}}]
    assert changes(graph, groups) == []
    assert status(graph, f"/users/{user}")[0] == 404
    graph.lab.post(f"/tenants/{graph.tid}/users/{user}/restore")
    assert changes(graph, users) == [{"id": user}]
    assert changes(graph, groups) == []
    graph.lab.delete(f"/tenants/{graph.tid}/users/{user}", purge=1)
    assert changes(graph, users) == [{"id": user, "@removed": {"reason": "deleted"}}]
    assert members(changes(graph, groups))[user] is False


def test_devices_and_groups_that_are_gone(graph: App, group: str) -> None:
    device = graph.get("/devices", top="1")["value"][0]["id"]
    graph.lab.post(f"/tenants/{graph.tid}/groups/{group}/members", {"ids": [device]})
    devices, groups = latest(graph, "devices", select="id"), latest(graph, "groups", select="members")
    graph.lab.delete(f"/tenants/{graph.tid}/devices/{device}")
    removed = {"@removed": {"reason": "deleted"}}
    assert changes(graph, devices) == [{"id": device, **removed}]
    assert members(changes(graph, groups)) == {device: False}
    graph.lab.delete(f"/tenants/{graph.tid}/groups/{group}")
    assert {"id": group, **removed} in changes(graph, groups)


def test_only_new_values_of_properties_are_changes(graph: App) -> None:
    device = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]
    path = f"/tenants/{graph.tid}/devices/{device['id']}"
    link = latest(graph, "devices", select="deviceId,extensionAttributes")
    graph.lab.patch(path, {"account_enabled": device["account_enabled"]})
    assert changes(graph, link) == []
    graph.lab.patch(path, {"extension_attributes": {"extensionAttribute3": "mtd:high"}})
    (item,) = changes(graph, link)
    assert item["extensionAttributes"]["extensionAttribute3"] == "mtd:high"


def test_what_changes_while_a_round_goes_on_comes_with_the_next(graph: App) -> None:
    graph.lab.post("/switches", {"page_size": 5})
    page = graph.get("/users/delta", select="displayName")
    known = {item["id"] for item in page["value"]}
    last = [user["id"] for user in graph.lab.get(f"/tenants/{graph.tid}")["accounts"]][-1]
    graph.lab.delete(f"/tenants/{graph.tid}/users/{next(iter(known))}")
    graph.lab.patch(f"/tenants/{graph.tid}/users/{last}", {"display_name": "Somebody Else"})
    items, _, link = round_of(graph, page["@odata.nextLink"])
    assert last in {item["id"] for item in items}, "nobody is skipped because another is gone"
    assert {item["id"] for item in changes(graph, link)} == {next(iter(known)), last}


@pytest.mark.parametrize(
    "options",
    [
        {"top": "5"},
        {"orderby": "displayName"},
        {"expand": "members"},
        {"count": "true"},
        {"search": '"displayName:a"'},
        {"filter": "displayName eq 'x'"},
        {"filter": "id ne 'x'"},
        {"filter": "id eq 'x' and id eq 'y'"},
        {"select": "colour"},
        {"deltatoken": "invented"},
        {"skiptoken": "invented"},
    ],
    ids="-".join,
)
def test_other_options_are_refused(graph: App, options: dict[str, str]) -> None:
    assert status(graph, "/users/delta", **options)[0] == 400


def test_a_token_is_for_one_collection_one_use_and_no_more_options(graph: App) -> None:
    token = parse_qs(urlsplit(latest(graph, "users")).query)["$deltatoken"][0]
    assert status(graph, "/users/delta", deltatoken=token)[0] == 200
    assert status(graph, "/groups/delta", deltatoken=token)[0] == 400
    assert status(graph, "/users/delta", skiptoken=token)[0] == 400
    assert status(graph, "/users/delta", deltatoken=token, select="id")[0] == 400
    assert status(graph, "/users/delta", deltatoken=token[:-4] + "AAAA")[0] == 400


def test_a_link_lives_for_seven_days(graph: App) -> None:
    link = latest(graph, "devices")
    graph.lab.post("/clock", {"offset_seconds": 7 * DAY - 60})
    assert status(graph, link)[0] == 200
    graph.lab.post("/clock", {"offset_seconds": 7 * DAY + 60})
    answer = graph.call("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "resyncRequired")
    again = answer.headers["Location"]
    assert parse_qs(urlsplit(again).query, keep_blank_values=True) == {"$deltatoken": [""]}
    items, _, link = round_of(graph, again)
    assert items
    assert changes(graph, link) == []


def test_a_link_of_before_a_reset_means_nothing(graph: App) -> None:
    link = latest(graph, "users")
    token = graph.token()
    graph.lab.post("/reset?phones=40")
    assert graph.call("GET", link, token=token).status_code == 400


@pytest.mark.parametrize(
    ("answer", "status_code", "code"),
    [
        ("gone", 410, "resyncRequired"),
        ("syncStateNotFound", 404, "syncStateNotFound"),
        ("resyncRequired", 409, "resyncRequired"),
    ],
)
def test_links_expire_on_demand(graph: App, answer: str, status_code: int, code: str) -> None:
    users, groups = latest(graph, "users"), latest(graph, "groups")
    graph.lab.post(f"/tenants/{graph.tid}/delta/expire", {"kinds": ["users"], "answer": answer})
    assert status(graph, users) == (status_code, code)
    assert status(graph, groups)[0] == 200
    assert changes(graph, latest(graph, "users")) == []


def test_replays_disorder_and_empty_pages_on_demand(graph: App, group: str) -> None:
    inside = members(round_of(graph, "/groups/delta", select="members", filter=f"id eq '{group}'")[0])
    graph.lab.post("/switches", {"delta_quirks": True, "page_size": 5})
    plain = {row["id"] for row in graph.lab.get(f"/tenants/{graph.tid}")["accounts"]}
    items, sizes, link = round_of(graph, "/users/delta", select="id")
    assert {item["id"] for item in items} == plain
    assert len(items) > len(plain), "some come again"
    assert 0 in sizes, "a page may be empty and have a next one"
    assert len(changes(graph, link)) == 3, "old changes come again"
    members_link = latest(graph, "groups", select="members", filter=f"id eq '{group}'")
    gone = next(iter(inside))
    graph.lab.delete(f"/tenants/{graph.tid}/groups/{group}/members/{gone}")
    told = [row for item in changes(graph, members_link) for row in item["members@delta"]]
    assert [("@removed" in row) for row in told if row["id"] == gone] == [True, False], "what was comes last"


def test_each_kind_needs_its_permission(app: App) -> None:
    app.consent("GroupMember.Read.All")
    assert [status(app, f"/{kind}/delta")[0] for kind in ("groups", "users", "devices")] == [200, 403, 403]


def test_the_first_round_of_a_crowd_asks_no_page_to_walk_through_all(graph: App, group: str) -> None:
    graph.lab.post(f"/tenants/{graph.tid}/crowd", {"group": group, "people": 2000})
    link = latest(graph, "users")
    since = max(entry["number"] for entry in graph.lab.get("/requests"))
    for _ in range(20):
        assert changes(graph, link) == []
    times = [
        entry["milliseconds"] for entry in graph.lab.get("/requests", since=since) if "delta" in entry["path"]
    ]
    assert len(times) == 20
    assert sorted(times)[10] < 50
