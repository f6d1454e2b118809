"""An act that is asked for twice is done once: idempotency keys, also at the same moment and after a failure."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.api.native.conftest import Places
from tests.support.native_api import Program
from tests.support.world import World

from vedette.api.native import kept
from vedette.api.native.models import KeptAnswer
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.threats.models import AppEntry

APP = {"action": "deny", "subject": "package", "value": "com.example.once"}
KEY = {"Idempotency-Key": "3f0c-1"}


def entries(world: World) -> int:
    with database.tenant(world.tenant_id):
        return AppEntry.objects.filter(value=APP["value"]).count()


def test_the_same_request_gets_the_first_answer_again(ours: Program, world: World) -> None:
    first = ours.ask("POST", "/exceptions/apps", APP, headers=KEY)
    again = ours.ask("POST", "/exceptions/apps", APP, headers=KEY)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert entries(world) == 1
    without = ours.ask("POST", "/exceptions/apps", APP)
    assert (without.status_code, without.json()["code"]) == (422, "refused")


def test_another_request_under_the_key_is_refused(ours: Program, places: Places) -> None:
    ours.ask("POST", "/exceptions/apps", APP, headers=KEY)
    for path, body in (
        ("/exceptions/apps", APP | {"action": "allow"}),
        (f"/devices/{places['device_id']}/resync", None),
    ):
        answer = ours.ask("POST", path, body, headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


def test_what_was_refused_may_be_sent_again_under_its_key(
    ours: Program, world: World, places: Places
) -> None:
    """Nothing was done, so nothing is kept."""
    path = f"/threats/{places['ignored']}/ignore"
    assert ours.ask("POST", path, {"reason": "x"}, headers=KEY).status_code == 409
    with database.tenant(world.tenant_id):
        assert not KeptAnswer.objects.exists()
    assert ours.post(f"/threats/{places['ignored']}/reopen").status_code == 200
    assert ours.ask("POST", path, {"reason": "x"}, headers=KEY).status_code == 200


def test_many_at_once_are_done_once(ours: Program, world: World) -> None:
    def ask(_number: int) -> tuple[int, str]:
        answer = ours.ask("POST", "/exceptions/apps", APP, headers=KEY)
        return answer.status_code, answer.json().get("code", "done")

    with ThreadPoolExecutor(6) as threads:
        answers = set(threads.map(ask, range(12)))
    assert (201, "done") in answers
    assert answers <= {(201, "done"), (409, "in_progress")}
    assert entries(world) == 1
    with database.tenant(world.tenant_id):
        assert Event.objects.filter(action="policy.app_listed", target_name=APP["value"]).count() == 1


def test_while_the_first_is_at_work_the_second_hears_so(ours: Program, world: World) -> None:
    assert ours.key_id
    with database.tenant(world.tenant_id):
        # as the first request does, before it waits for the tenant's lock
        kept.hold(world.tenant_id, ours.key_id, KEY["Idempotency-Key"])
        answer = ours.ask("POST", "/exceptions/apps", APP, headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (409, "in_progress")
        assert ours.ask("POST", "/exceptions/apps", APP, headers={"Idempotency-Key": "other"}).is_success
    # the first one has failed: the next begins anew, and hears what the other key's did
    answer = ours.ask("POST", "/exceptions/apps", APP, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")


def test_an_answer_is_kept_for_a_day(
    ours: Program, world: World, monkeypatch: pytest.MonkeyPatch, places: Places
) -> None:
    path = f"/devices/{places['device_id']}/resync"
    assert ours.ask("POST", path, headers=KEY).status_code == 200
    with database.tenant(world.tenant_id):
        kept.forget(world.tenant_id)
        assert KeptAnswer.objects.count() == 1
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=24, minutes=1))
    again = ours.ask("POST", path, headers=KEY)
    assert (again.status_code, "idempotency-replayed" in again.headers) == (200, False)
    with database.tenant(world.tenant_id):
        kept.forget(world.tenant_id)
        assert KeptAnswer.objects.count() == 1
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=49))
        kept.forget(world.tenant_id)
        assert not KeptAnswer.objects.exists()


def test_a_key_is_visible_ascii(ours: Program) -> None:
    for key in ("", "a b", "x" * 256, "é"):
        headers = {"Idempotency-Key": key.encode("latin-1")}
        answer = ours.ask("POST", "/exceptions/apps", APP, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), key
