"""A stream that catches up slowly: the feed that it is going to follow is still there when it arrives."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.api.mobile_risk.listening import Reader, all_ids, happen
from tests.support.database import Database
from tests.support.risk_api import Program, Service, serving
from tests.support.world import World

from vedette.api.mobile_risk import hub
from vedette.api.mobile_risk.feed import Feed


@pytest.fixture
def service(database: Database, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """One that stops a feed at once when nobody follows it, and reads what was missed slowly."""
    assert world
    read = Feed.past

    async def slow(feed: Feed, position: int) -> Any:
        await asyncio.sleep(4 * hub.TICK_SECONDS)
        return await read(feed, position)

    monkeypatch.setattr(Feed, "past", slow)
    monkeypatch.setattr(hub, "IDLE_SECONDS", 0.0)
    with serving(database.login_url) as running:
        yield running


def test_who_catches_up_slowly_still_hears_what_comes(program: Program, world: World) -> None:
    first, *rest = all_ids(world)
    with closing(Reader(program, {"id": first})) as reader:
        assert [event["id"] for event in reader.events(len(rest))] == rest
        for _ in range(2):
            made = happen(world)
            assert [event["id"] for event in reader.events(len(made))] == made
