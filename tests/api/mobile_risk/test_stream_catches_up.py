"""A stream that catches up slowly: the feed that it is going to follow is still there when it arrives."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from tests.api.mobile_risk.listening import Reader, all_ids, happen
from tests.support.database import Database
from tests.support.risk_api import Program, Service, serving
from tests.support.world import World

from vedette.api.mobile_risk import hub
from vedette.api.mobile_risk.feed import Feed
from vedette.api.mobile_risk.stream import Stream


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


def test_a_log_that_went_back_ends_every_stream_of_its_tenant() -> None:
    tenant_id, other = uuid4(), uuid4()
    keys: Any = None

    async def scenario() -> list[bool]:
        pool: Any = None
        streams = hub.Hub(pool, keys)
        feed = Feed(pool, tenant_id, asyncio.Semaphore())
        told = [Stream(tenant, uuid4(), 1, 0.0, frozenset(), None) for tenant in (tenant_id, other)]
        for stream in told:
            streams.opened(stream)
        await streams._restart(feed)
        return [stream.ended for stream in told]

    assert asyncio.run(scenario()) == [True, False], "also one that follows no feed yet"
