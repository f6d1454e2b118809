"""What verdicts on web content rest on: each tenant its own, read anew when something changed and only then."""

from collections.abc import Iterator

import pytest
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, World, begin, make_world

from vedette.detection.web import judge_host
from vedette.feeds import store, threat_feeds, web_lists, web_names, web_settings
from vedette.foundation import database

Two = tuple[World, World]


@pytest.fixture
def two(db: Database, scenes: Scenes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    assert db.name
    monkeypatch.setattr(web_lists, "LOOK_AGAIN_SECONDS", 0.0)
    worlds = scenes.give("web lists", lambda: (begin(), make_world("Others")))
    yield worlds
    for world in worlds:
        web_lists.forget(world.tenant_id)


def outcome(world: World, host: str) -> tuple[str, str]:
    verdict = judge_host(host, web_lists.lists_of(world.tenant_id))
    return verdict.outcome, verdict.classification


def test_threat_feeds_names_and_settings_count_at_once_and_for_their_tenant_alone(two: Two) -> None:
    world, others = two
    first = web_lists.lists_of(world.tenant_id)
    assert web_lists.lists_of(world.tenant_id) is first, "nothing changed, nothing is read"
    assert outcome(world, "www.fed.example") == ("clean", "")

    with database.writer(world.tenant_id):
        feed = threat_feeds.create("Our feed", "", allow_analysis=False, actor=ADA)
        threat_feeds.apply(feed, {"fed.example": "add"}, ADA)
    assert outcome(world, "www.fed.example") == ("blocked", "DENYLISTED_CONTENT")
    assert outcome(others, "www.fed.example") == ("clean", "")

    added = web_names.add(world.tenant_id, "allow", ["fed.example"], ADA)
    assert outcome(world, "www.fed.example") == ("allowed", "")
    web_names.take_back(world.tenant_id, added.batch, ADA)
    assert outcome(world, "www.fed.example") == ("blocked", "DENYLISTED_CONTENT")
    with database.writer(world.tenant_id):
        threat_feeds.delete(feed, ADA)
    assert outcome(world, "www.fed.example") == ("clean", "")

    web_settings.change_settings(world.tenant_id, {"own_domains": ["contoso.com"]}, ADA)
    assert outcome(world, "contoso-login.example") == ("suspicious", "PHISHING_CONTENT")
    assert outcome(others, "contoso-login.example") == ("clean", "")

    store.import_document("bets", b"bets.example\n", untyped="PHISHING_CONTENT")
    assert (
        outcome(world, "www.bets.example")
        == outcome(others, "bets.example")
        == ("blocked", "PHISHING_CONTENT")
    )


def test_within_seconds_nothing_is_asked(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _others = two
    kept = web_lists.lists_of(world.tenant_id)
    monkeypatch.setattr(web_lists, "LOOK_AGAIN_SECONDS", 3600.0)
    web_names.add(world.tenant_id, "deny", ["bad.example"], ADA)
    assert web_lists.lists_of(world.tenant_id) is kept
    web_lists.forget(world.tenant_id)
    assert outcome(world, "bad.example") == ("blocked", "DENYLISTED_CONTENT")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("a.example\n# remark\n\nA.example.", ("a.example",)),
        ("0.0.0.0 ads.example\n::1 localhost\n127.0.0.1\tb.example", ("ads.example", "b.example")),
        ("domain,action\nc.example,add", ("c.example",)),
        ("*.d.example;x\nhxxp://e[.]example/", ("d.example", "e.example")),
        ("192.0.2.1\nB\u00fccher.example", ("192.0.2.1", "xn--bcher-kva.example")),
    ],
)
def test_lists_are_read_as_people_have_them(given: str, names: tuple[str, ...]) -> None:
    assert web_names.read(given).names == names
