"""Lookout's own client (PyPI lookout-mra-client), unchanged: stream, resume, tokens, version 1, QRadar."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from lookout_mra_client.event_translators.leef_translator import LeefTranslator
from lookout_mra_client.mra_client import MRAClient
from lookout_mra_client.mra_v2_stream_thread import MRAv2StreamThread
from tests.api.mobile_risk.listening import PATIENCE, all_ids, happen
from tests.support.database import Database
from tests.support.risk_api import Program, Service, free_port, make_key, serving
from tests.support.world import ADA, World

from vedette.compliance import lifecycle
from vedette.foundation import database
from vedette.tenants import application_keys
from vedette.tenants.models import ApplicationKey

TYPES = "THREAT,DEVICE,AUDIT"


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client refuses tokens over plain HTTP, and would go through a proxy of the environment."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class Collector:
    """Where the client forwards to."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def write(self, event: dict[str, Any], ent_name: str) -> None:
        assert ent_name == "Contoso"
        self.events.append(event)

    def write_all(self, events: list[dict[str, Any]], ent_name: str) -> None:
        for event in events:
            self.write(event, ent_name)

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, f"{len(self.events)} events"
            time.sleep(0.05)


def follow(service: Service, key: str, collector: Collector, last: str) -> MRAv2StreamThread:
    thread = MRAv2StreamThread(
        "Contoso", collector, api_domain=service.url, api_key=key, last_event_id=last, event_type=TYPES
    )
    thread.daemon = True
    thread.start()
    return thread


def wait_for_end(thread: threading.Thread) -> None:
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_its_stream_resumes_over_crash_restart_and_ended_tokens(database: Database, world: World) -> None:
    key, port, collector = make_key(world), free_port(), Collector()
    start = all_ids(world)[0]
    with serving(database.login_url, port) as service:
        thread = follow(service, key.key, collector, start)
        collector.wait(lambda: len(collector.events) >= len(all_ids(world)) - 1)
        service.cut()
        happen(world, 3)
        collector.wait(lambda: collector.ids[-1:] == all_ids(world)[-1:])
    # the service said "reconnect": the thread ends and knows where it was and how long to wait
    wait_for_end(thread)
    assert thread.error is None
    last, retry = thread.stream.shutdown()
    assert (last, retry) == (all_ids(world)[-1], 2000)
    happen(world, 2)
    with serving(database.login_url, port) as service:
        thread = follow(service, key.key, collector, last)
        happen(world, 1)
        collector.wait(lambda: collector.ids[-1:] == all_ids(world)[-1:])
        end_tokens(world)
        wait_for_end(thread)
        assert thread.error is None
        happen(world, 1)
        thread = follow(service, key.key, collector, thread.stream.last_event_id)
        collector.wait(lambda: collector.ids[-1:] == all_ids(world)[-1:])
        thread.shutdown_flag.set()
    assert collector.ids == all_ids(world)[1:], "every event once, in order"


def end_tokens(world: World) -> None:
    with database.writer(world.tenant_id):
        application_keys.end_tokens(ApplicationKey.objects.get(), ADA)


def test_it_translates_every_event_for_qradar(program: Program, world: World) -> None:
    lifecycle.delete(world.devices()[0], ADA)
    translator = LeefTranslator(mra_v2=True)
    events = program.read("/mra/api/v2/events")["events"]
    heads = set()
    for event in events:
        line = translator.formatEvent({**event, "entName": "Contoso", "qradarLogSourceIdentifier": "siem"})
        head, _, attributes = (
            line.partition("|lookoutEntName") if "|cat=" not in line else line.partition("|cat=")
        )
        assert attributes
        heads.add(head.rpartition("|")[2])
    told = {event["type"] for event in events}
    assert told == {"DEVICE", "THREAT", "AUDIT"}
    wanted = {
        "DEVICE,PENDING", "DEVICE,DEACTIVATED", "DEVICE,DELETED", "DEVICE,ACTIVATED_SECURE",
        "DEVICE,ACTIVATED_THREATS_HIGH", "DEVICE,ACTIVATED_THREATS_MEDIUM", "THREAT,TROJAN",
        "THREAT,OUT_OF_DATE_OS", "AUDIT,DEVICE",
    }  # fmt: skip
    assert wanted <= heads


@pytest.fixture
def legacy(service: Service, world: World) -> Any:
    return MRAClient(service.url, make_key(world).key, stream_position=0, event_type=TYPES)


def test_its_version_1_reads_all_and_gets_a_new_token_by_itself(legacy: Any, world: World) -> None:
    events = legacy.get_events(limit=7)
    while len(events) < len(all_ids(world)):
        events += legacy.get_events(limit=7)
    assert [event["id"] for event in events] == all_ids(world)
    translator = LeefTranslator()
    lines = [translator.formatEvent({**event, "qradarLogSourceIdentifier": "siem"}) for event in events]
    assert any("LEEF:1.0|Lookout|SIEM Client|0.2|THREAT,TROJAN|" in line for line in lines)
    assert any("DEVICE,ACTIVATED_THREAT_HIGH" in line for line in lines)
    before = legacy.oauth.access_token
    end_tokens(world)
    happen(world, 1)
    fresh = legacy.get_events()
    assert [event["id"] for event in fresh] == all_ids(world)[-len(fresh) :]
    assert legacy.oauth.access_token != before
