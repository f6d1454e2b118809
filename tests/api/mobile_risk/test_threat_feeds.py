"""The Threat Feed API: lists of domains made, filled, read and removed; and what they cover."""

import csv
import io
import json
import uuid
from typing import Any

import httpx
import pytest
from tests.support.console import audit
from tests.support.risk_api import Program, make_key
from tests.support.world import World

from vedette.feeds import threat_feeds
from vedette.foundation import database
from vedette.tenants.application_keys import Scope

FEEDS = "/mgmt/threat-feeds/api/v1/threat-feeds"
NEW = {
    "title": "Domains of the SOC",
    "description": "Blocked after review",
    "feedType": "CSV",
    "allowAnalysis": False,
}


def call(program: Program, method: str, path: str = "", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {program.token}"} | more.pop("headers", {})
    return program.service.client.request(method, program.service.url + FEEDS + path, headers=headers, **more)


@pytest.fixture
def feed(program: Program) -> str:
    answer = call(program, "POST", json=NEW)
    assert answer.status_code == 201
    return f"/{answer.json()['feedId']}"


def upload(program: Program, feed: str, kind: str, text: str | bytes) -> httpx.Response:
    file = {"file": ("list.csv", text, "text/csv")}
    return call(program, "POST", f"{feed}/elements", params={"uploadType": kind}, files=file)


def table(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv"
    return list(csv.reader(io.StringIO(answer.text)))


def names(program: Program, feed: str) -> list[str]:
    header, *rows = table(call(program, "GET", f"{feed}/elements"))
    assert header == ["domain"]
    return [row[0] for row in rows]


def test_a_feed_is_made_changed_and_removed(program: Program, world: World, feed: str) -> None:
    assert call(program, "GET").json() == [feed[1:]]
    about = call(program, "GET", feed).json()
    assert about == {"feedId": feed[1:], "elementsCount": 0, **NEW}
    assert call(program, "PUT", feed, json={"title": "Another title"}).status_code == 200
    assert call(program, "GET", feed).json()["title"] == "Another title"
    assert call(program, "DELETE", feed).status_code == 200
    assert call(program, "GET").json() == []
    gone = call(program, "GET", feed)
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")
    acts = [event.action for event in audit(world) if event.action.startswith("threat_feed.")]
    assert acts == ["threat_feed.created", "threat_feed.changed", "threat_feed.deleted"]
    assert audit(world, "threat_feed.created")[0].actor_name.startswith("Tests (vdk_")


def test_the_last_line_about_a_domain_counts(program: Program, feed: str) -> None:
    lines = (
        "domain,action\nbad.example,add\nWORSE.example.,add\nbad.example,delete\ncom,add\nx.example,keep\n"
    )
    header, *rejected = table(upload(program, feed, "INCREMENTAL", lines))
    assert header == ["ROW_NUMBER", "DOMAIN", "ACTION", "ERROR_CODE", "ERROR_MESSAGE"]
    assert rejected[0] == ["4", "com", "add", "1020", "Invalid domain"]
    assert rejected[1][:4] == ["5", "x.example", "keep", "1021"]
    assert names(program, feed) == ["worse.example"]
    assert table(upload(program, feed, "INCREMENTAL", "action,domain\nadd,a.example\n")) == [header]
    header, *rejected = table(
        upload(program, feed, "OVERWRITE", "\ufeffDOMAIN\r\nb.example\r\nnot a name\r\n")
    )
    assert header == ["ROW_NUMBER", "DOMAIN", "ERROR_CODE", "ERROR_MESSAGE"]
    assert rejected == [["2", "not a name", "1020", "Invalid domain"]]
    assert names(program, feed) == ["b.example"]
    about = call(program, "GET", feed).json()
    assert about["elementsCount"] == 1
    assert about["elementsUploadedAt"].endswith("+00:00")


def test_incremental_updates_as_json_and_as_csv(program: Program, feed: str) -> None:
    path = f"{feed}/elements/incremental-updates"
    operations = [{"domain": name, "action": "add"} for name in ("a.example", "com", "b.example")]
    answer = call(program, "POST", path, json={"operations": operations})
    assert answer.json() == {
        "errors": [
            {
                "index": 1,
                "operation": {"domain": "com", "action": "add"},
                "errorCode": "1020",
                "errorMessage": "Invalid domain",
            }
        ]
    }
    lines = '"DOMAIN","ACTION"\n"a.example","delete"\n"c.example","add"\n'
    answer = call(program, "POST", path, content=lines, headers={"Content-Type": "text/csv"})
    assert len(table(answer)) == 1
    assert names(program, feed) == ["b.example", "c.example"]


def test_limits_are_held(program: Program, feed: str) -> None:
    path = f"{feed}/elements/incremental-updates"
    many = {"operations": [{"domain": f"d{n}.example", "action": "add"} for n in range(15_001)]}
    assert call(program, "POST", path, json=many).status_code == 400
    many["operations"].pop()
    assert call(program, "POST", path, json=many).json() == {"errors": []}
    assert call(program, "POST", path, content=b" " * (2 * 1024 * 1024 + 1)).status_code == 413
    large = "domain\n" + "x" * (7 * 1024 * 1024)
    assert upload(program, feed, "OVERWRITE", large).status_code == 413
    assert call(program, "GET", feed).json()["elementsCount"] == 15_000


WRONG: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "", {"json": {"title": "short", "feedType": "CSV"}}, 400),
    ("POST", "", {"json": {"title": "long enough"}}, 400),
    ("POST", "", {"json": {"title": "long enough", "feedType": "XML"}}, 400),
    ("POST", "", {"content": b"{"}, 400),
    ("PUT", "FEED", {"json": {"allowAnalysis": "perhaps"}}, 400),
    ("GET", "/1", {}, 404),
    ("GET", f"/{uuid.uuid4()}", {}, 404),
    ("GET", "FEED/other", {}, 404),
    ("PATCH", "FEED", {}, 405),
    ("POST", "FEED/elements", {"files": {"file": b"domain\n"}}, 400),
    ("POST", "FEED/elements?uploadType=OVERWRITE", {"files": {"other": b"domain\n"}}, 400),
    ("POST", "FEED/elements?uploadType=OVERWRITE", {"files": {"file": b"domain,action\n"}}, 400),
    ("POST", "FEED/elements?uploadType=OVERWRITE", {"files": {"file": b"domain\n\xff\xfe"}}, 400),
    ("POST", "FEED/elements?uploadType=INCREMENTAL", {"files": {"file": b""}}, 400),
    ("POST", "FEED/elements/incremental-updates", {"json": {"operations": [{"domain": 1}]}}, 400),
]


def test_what_is_wrong_is_a_problem_detail(program: Program, feed: str) -> None:
    for method, path, sent, status in WRONG:
        answer = call(program, method, path.replace("FEED", feed), **sent)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert (body["status"], set(body)) == (
            status, {"type", "title", "status", "detail", "instance", "properties"}
        )  # fmt: skip


def test_only_the_own_tenant_and_the_right_scope(
    program: Program, stranger: Program, world: World, feed: str
) -> None:
    upload(program, feed, "OVERWRITE", "domain\nbad.example\n")
    assert call(stranger, "GET").json() == []
    for method, path in (("GET", feed), ("DELETE", feed), ("GET", f"{feed}/elements")):
        assert call(stranger, method, path).status_code == 404
    assert upload(stranger, feed, "OVERWRITE", "domain\nx.example\n").status_code == 404
    assert names(program, feed) == ["bad.example"]
    reader = Program(program.service, make_key(world, Scope.RISK, Scope.EVENTS).key)
    assert call(reader, "GET").status_code == 403
    assert call(Program(program.service, "", "none"), "GET").status_code == 401


def test_a_listed_domain_covers_every_name_under_it(
    program: Program, stranger: Program, world: World, feed: str
) -> None:
    upload(program, feed, "OVERWRITE", "domain\nbad.example\ndeep.bad.example\nexämple.test\n")
    hosts = [
        "bad.example",
        "WWW.Bad.Example.",
        "a.deep.bad.example",
        "notbad.example",
        "example",
        "1 2",
        "exämple.test",
    ]
    with database.tenant(world.tenant_id):
        found = threat_feeds.denylisted(hosts)
    assert {host: hit.domain for host, hit in found.items()} == {
        "bad.example": "bad.example",
        "WWW.Bad.Example.": "bad.example",
        "a.deep.bad.example": "deep.bad.example",
        "exämple.test": "xn--exmple-cua.test",
    }
    assert {hit.title for hit in found.values()} == {NEW["title"]}
    other = uuid.UUID(stranger.read("/mra/api/v2/events")["events"][0]["enterprise_guid"])
    with database.tenant(other):
        assert threat_feeds.denylisted(hosts) == {}


def test_answers_follow_the_specification(program: Program, shared_dir: Any, feed: str) -> None:
    document = json.loads((shared_dir / "specs/lookout/threat-feed-v1.openapi.json").read_text())
    shape = document["components"]["schemas"]["GetFeedResponseDto"]["properties"]
    upload(program, feed, "OVERWRITE", "domain\nbad.example\n")
    about = call(program, "GET", feed).json()
    assert set(about) == set(shape)
    kinds = {"string": str, "integer": int, "boolean": bool}
    assert all(type(value) is kinds[shape[name]["type"]] for name, value in about.items())
    assert set(document["paths"]) == {
        f"/api/v1/threat-feeds{path}"
        for path in ("", "/{feedId}", "/{feedId}/elements", "/{feedId}/elements/incremental-updates")
    }
