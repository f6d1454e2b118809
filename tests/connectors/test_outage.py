"""A Microsoft that does not answer: left alone for a while, told once, and tried again by itself."""

import time
from collections.abc import Callable

import pytest
from tests.connectors.scene import CONTACT, Scene, values

from vedette.connectors import deliver, publisher
from vedette.connectors.intune import attribute_route
from vedette.foundation import circuit
from vedette.foundation.graph import Patience

Clock = Callable[[float], None]
PAUSE = 0.2


@pytest.fixture
def down(enrolled: Scene, monkeypatch: pytest.MonkeyPatch, move_clock: Clock) -> Scene:
    """Graph fails, and the circuit has opened after two tries."""
    monkeypatch.setattr(attribute_route, "PATIENCE", Patience(1, seconds=2.0))
    monkeypatch.setattr(circuit, "FAILURES", 2)
    monkeypatch.setattr(circuit, "FIRST_PAUSE", PAUSE)
    monkeypatch.setattr(circuit, "LONGEST_PAUSE", PAUSE)
    enrolled.fault("POST /v1.0/$batch", status=503)
    enrolled.publish()
    move_clock(60)
    enrolled.publish()
    return enrolled


def batches(scene: Scene, since: int) -> int:
    """Count the batches that arrived, also those that met the fault before anybody looked whose they were."""
    return sum(entry["path"] == "/v1.0/$batch" for entry in scene.lab.get("/requests", since=since))


def until_probed(scene: Scene) -> None:
    """Publish until a call goes out again."""
    since, deadline = scene.mark(), time.monotonic() + 30
    while not batches(scene, since):
        assert time.monotonic() < deadline
        held = publisher.publish_due("attribute", scene.tenant_id)
        assert held <= PAUSE


def test_an_open_circuit_is_an_error_with_its_reason_and_next_step(down: Scene) -> None:
    (error,) = down.errors(source="calls_identity")
    assert (error.connector, error.code, error.count, error.resolved_at) == (
        "intune",
        "circuit_open",
        1,
        None,
    )
    assert "serviceNotAvailable" in error.words["error"]
    assert error.explanation
    assert error.next_step


def test_what_is_held_back_waits_untouched_and_is_not_tried(
    down: Scene, move_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Opened anew, since a pause that is on only doubles.
    circuit.forget()
    monkeypatch.setattr(circuit, "FAILURES", 1)
    monkeypatch.setattr(circuit, "FIRST_PAUSE", 600.0)
    monkeypatch.setattr(circuit, "LONGEST_PAUSE", 600.0)
    move_clock(120)
    until_probed_and_failed(down)
    before = down.deliveries()
    move_clock(300)
    since = down.mark()
    assert publisher.publish_due("attribute", down.tenant_id) > 0
    assert batches(down, since) == 0
    after = down.deliveries()
    assert [(row.status, row.attempts, row.error_code) for row in after] == [
        ("due", row.attempts, "serviceNotAvailable") for row in before
    ]
    assert deliver.tenants_due(["attribute"]) == [], "nor looked at again before the pause is over"


def until_probed_and_failed(scene: Scene) -> None:
    deadline = time.monotonic() + 30
    while scene.errors(source="calls_identity")[0].count < 2:
        assert time.monotonic() < deadline
        publisher.publish_due("attribute", scene.tenant_id)


def test_it_is_mailed_once_if_it_lasts_and_past_when_a_probe_is_answered(
    down: Scene, move_clock: Clock
) -> None:
    down.send_mail()
    assert down.mails(CONTACT) == []
    for minutes in (11, 15, 30):
        move_clock(60 * minutes)
        until_probed(down)
    down.send_mail()
    (mail,) = [mail for mail in down.mails(CONTACT) if "circuit_open" in mail["subject"]]
    assert "held back" in " ".join(mail["text"].split())
    down.mend()
    move_clock(3600)
    until_probed(down)
    down.publish()
    assert set(values(down)) == {"mtd:pending"}
    (error,) = down.errors(source="calls_identity")
    assert error.resolved_at is not None
