"""What may go wrong at Microsoft (microsoft.md 5.3, item 7), during a poll and a push over a thousand phones.

Whatever it is: in the end everything is as it should be, nothing was written twice, nothing is lost, no call went out
sooner than allowed, and nobody was retired by an error. The lab's own log is the witness.

| fault | test |
|---|---|
| 429 with and without Retry-After: a batch, in a batch, a call | `PUSHES`, `POLLS` "throttled", "limit" |
| 401 on a fresh token: a batch, in a batch, a call | `PUSHES`, `POLLS` "token", "some are throttled" |
| 503, 504 after the deed, a cut connection, an answer that is lost | the same; `ENDINGS`; "breaks off" |
| 410 with a Location (404, 409: test_delta_poll) | `test_links_that_expired…[gone]` |
| empty pages, items twice, out of order, one object over pages | `test_links_that_expired…[quirks]`, test_deltas |
| soft-deleted people, who stay in their groups | `test_people_who_were_deleted…` |
| hidden members | `test_a_reading_of_everything_that_breaks_off_and_a_hidden_group…` |
| an ignored `$filter` | `test_filters_that_are_ignored…` |
| validation handshake: another token, slow, lost; news twice, by another secret | test_change_notifications |
| Entra's token endpoint fails or hangs | tests/foundation/test_graph_tokens |
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.connectors.scene import Scene

from vedette.connectors import publisher
from vedette.connectors.intune import attribute_route, directory_poll
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.models import Delivery, Push
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice
from vedette.foundation import circuit, config, database
from vedette.foundation.graph import Graph, Patience

pytestmark = pytest.mark.xdist_group("faults")

Clock = Callable[[float], None]
PHONES = 1000
BATCH, ITEM = "POST /v1.0/$batch", "PATCH /v1.0/devices"


@pytest.fixture
def crowded(scene: Scene) -> Scene:
    return scene


# --- a push of a thousand changes


@dataclass
class Trouble:
    """Faults of the lab, or a limit of writes a second, that a push meets.

    `carried_out` says that 504 strikes after the deed, `waits` that Graph asks to wait for a second.
    """

    faults: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    limit: int = 0
    carried_out: bool = False
    waits: bool = False


PUSHES = {
    "a batch is throttled": Trouble([(BATCH, {"status": 429, "retry_after": 1, "times": 2})], waits=True),
    "a batch is throttled, nobody says for how long": Trouble([(BATCH, {"status": 429, "times": 2})]),
    "a batch is answered after its time, or not at all": Trouble(
        [
            (BATCH, {"drop": True, "after": True, "times": 2}),
            (BATCH, {"status": 504, "after": True, "times": 2}),
        ],
        carried_out=True,
    ),
    "a batch fails, and its token is refused": Trouble(
        [(BATCH, {"status": 503, "times": 3}), (BATCH, {"status": 401, "times": 2})]
    ),
    "in a batch some are throttled, missing, failed or done and said to have failed": Trouble(
        [
            (ITEM, {"status": 429, "retry_after": 1, "times": 5}),
            (ITEM, {"status": 429, "times": 5}),
            (ITEM, {"drop": True, "times": 5}),
            (ITEM, {"status": 503, "times": 5}),
            (ITEM, {"status": 504, "after": True, "times": 5}),
            (ITEM, {"status": 401, "times": 5}),
        ],
        carried_out=True,
        waits=True,
    ),
    "there is a limit of writes": Trouble(limit=400),
}


@pytest.mark.parametrize("name", PUSHES)
def test_a_push_arrives_once_and_whole(
    crowded: Scene, name: str, move_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_route, "PATIENCE", Patience(2, seconds=3.0, first_wait=0.05, answer=10.0))
    trouble, since = PUSHES[name], crowded.mark()
    for match, fault in trouble.faults:
        crowded.fault(match, **fault)
    if trouble.limit:
        monkeypatch.setenv("VEDETTE_GRAPH_LIMITS", f"identity-writes={trouble.limit}/1")
        config.current.cache_clear()
        crowded.lab.post("/limits", {"identity_writes": [trouble.limit, 1]})
    try:
        publish_all(crowded, move_clock)
    finally:
        crowded.lab.post("/limits", {"on": False})
    held = attributes(crowded)
    assert Counter(held.values()) == {"mtd:pending": PHONES}
    log = crowded.lab.get("/requests", since=since)
    written = Counter(entry["path"] for entry in log if was_carried_out(entry, trouble))
    assert (len(written), set(written.values())) == (PHONES, {1}), "written twice, or never"
    assert_nothing_was_lost(crowded)
    if trouble.waits:
        early = too_soon(log)
        assert early
        assert max(early) < attribute_route.LANES, "only what was under way comes after a refusal"


def publish_all(scene: Scene, move_clock: Clock) -> None:
    """Publish, and go on as the publisher's loop does; the waits between two tries of a delivery are skipped."""
    deadline, ahead = time.monotonic() + 60, 0
    while time.monotonic() < deadline:
        held = publisher.publish_due("attribute", scene.tenant_id)
        if not scene_has(scene, status__in=[Delivery.Status.DUE, Delivery.Status.LEASED]):
            return
        until = time.monotonic() + held
        while time.monotonic() < until:
            time.sleep(0.02)
        ahead += 30
        move_clock(ahead)
    raise AssertionError("the push did not end")


def scene_has(scene: Scene, **only: Any) -> bool:
    with database.tenant(scene.tenant_id):
        return Delivery.objects.filter(**only).exists()


def attributes(scene: Scene) -> dict[str, str | None]:
    """What the phones of the crowd hold at Microsoft."""
    listed = {phone["id"]: phone for phone in scene.lab.get(f"{scene.path}/devices")}
    return {key: listed[key]["extension_attributes"].get("extensionAttribute1") for key in live(scene)}


def was_carried_out(entry: dict[str, Any], trouble: Trouble) -> bool:
    """Tell whether an entry of the log is a write that had its effect."""
    if entry["method"] != "PATCH" or not entry["path"].startswith("/v1.0/devices/"):
        return False
    return entry["status"] == 204 or (trouble.carried_out and entry["status"] == 504)


def assert_nothing_was_lost(scene: Scene) -> None:
    with database.tenant(scene.tenant_id):
        rows = Delivery.objects.values_list("status", "sent", "error_code").distinct()
        assert list(rows) == [("confirmed", "mtd:pending", "")]
        confirmed = Push.objects.filter(outcome="confirmed")
        assert confirmed.count() == confirmed.values("device_id").distinct().count() == PHONES
        assert not confirmed.filter(request_id="").exists()
        assert not Device.objects.exclude(activation_status=Device.Activation.PENDING).exists()


def too_soon(log: list[dict[str, Any]]) -> list[int]:
    """Count, for each answer that asked to wait a second, the batches of writes that arrived within that second."""
    batches = [entry for entry in log if entry["path"] == "/v1.0/$batch"]
    writes = {entry["number"] for entry in log if entry["method"] == "PATCH"}
    sends = [one for one in batches if one["status"] == 429 or one["number"] + 1 in writes]
    refusals = {one["number"]: one for one in batches if one["status"] == 429 and one["fault"]}
    for entry in log:
        if entry["method"] == "PATCH" and entry["status"] == 429:
            known = max(
                (one for one in batches if one["number"] < entry["number"]), key=lambda one: one["number"]
            )
            refusals[known["number"]] = known
    counts = []
    for refusal in refusals.values():
        told = ended(refusal)
        counts.append(sum(told < arrived(one) < told + 1.0 for one in sends))
    return counts


def arrived(entry: dict[str, Any]) -> float:
    return dt.datetime.fromisoformat(entry["at"]).timestamp()


def ended(entry: dict[str, Any]) -> float:
    return arrived(entry) + float(entry["milliseconds"]) / 1000


# --- a poll over a thousand phones

POLLS = {
    "a call is throttled": Trouble(
        [("GET /v1.0/users/delta", {"status": 429, "retry_after": 1, "times": 1})], waits=True
    ),
    "a call is throttled, nobody says for how long": Trouble(
        [("GET /v1.0/deviceManagement/managedDevices", {"status": 429, "times": 2})]
    ),
    "calls fail, are cut or have their token refused": Trouble(
        [
            ("GET /v1.0/groups/delta", {"status": 401, "times": 1}),
            ("GET /v1.0/users/delta", {"status": 503, "times": 2}),
            ("GET /v1.0/devices/delta", {"drop": True, "times": 2}),
            ("POST /v1.0/$batch", {"status": 503, "times": 1}),
        ]
    ),
    "in a batch some are throttled, missing or failed": Trouble(
        [
            ("GET /v1.0/users/", {"status": 429, "retry_after": 1, "times": 1}),
            ("GET /v1.0/devices/", {"drop": True, "times": 1}),
            ("GET /v1.0/devices/", {"status": 503, "times": 1}),
        ],
        waits=True,
    ),
}
ENDINGS: list[tuple[str, dict[str, Any]]] = [
    ("GET /v1.0/devices/delta", {"status": 503}),
    ("GET /v1.0/deviceManagement", {"drop": True}),
    ("POST /v1.0/$batch", {"status": 403}),
    ("GET /v1.0/users/delta", {"status": 401}),
]


@dataclass
class Moved:
    """Phones of those who left and came since the last poll, all others, and the group; object IDs."""

    gone: str
    new: str
    others: set[str]
    group: str


@pytest.fixture
def moved(crowded: Scene, monkeypatch: pytest.MonkeyPatch) -> Moved:
    """Somebody leaves the group and somebody comes; between two tries the client waits but briefly."""
    brief = Patience(4, seconds=20.0, first_wait=0.05)
    monkeypatch.setattr(directory_poll, "Graph", lambda tenant: Graph(tenant, patience=brief))
    with database.tenant(crowded.tenant_id):
        group = EnrollmentGroup.objects.get().object_id
        leaving = DirectoryDevice.objects.order_by("id")[0]
    crowded.lab.delete(f"{crowded.path}/groups/{group}/members/{leaving.owner_oid}")
    comer = {"given_name": "Nora", "surname": "New", "groups": [str(group)]}
    person = crowded.lab.post(f"{crowded.path}/users", comer)
    phone = crowded.lab.post(f"{crowded.path}/devices", {"platform": "ANDROID", "owner": person["id"]})
    gone = str(leaving.object_id)
    return Moved(gone, phone["id"], live(crowded) - {gone}, str(group))


def live(scene: Scene) -> set[str]:
    """Phones that are protected."""
    with database.tenant(scene.tenant_id):
        rows = Device.objects.filter(activation_status=Device.Activation.PENDING)
        return {str(key) for key in rows.values_list("entra_object_id", flat=True)}


@pytest.mark.parametrize("name", POLLS)
def test_a_poll_gets_over_what_passes(crowded: Scene, moved: Moved, name: str) -> None:
    since = crowded.mark()
    for match, fault in POLLS[name].faults:
        crowded.fault(match, **fault)
    assert crowded.poll().error == ""
    assert live(crowded) == moved.others | {moved.new}
    assert crowded.lab.get("/faults") == [], "each fault was met"
    if POLLS[name].waits:
        assert reads_too_soon(crowded.lab.get("/requests", since=since)) == 0


def test_filters_that_are_ignored_without_a_word_lead_to_the_same(
    crowded: Scene, moved: Moved, move_clock: Clock
) -> None:
    """Every filtered question is answered with everything, a page at a time: a poll and a push of all phones."""
    crowded.lab.post("/switches", {"filters_ignored": True})
    since = crowded.mark()
    try:
        assert crowded.poll().error == ""
        assert live(crowded) == moved.others | {moved.new}
        publish_all(crowded, move_clock)
    finally:
        crowded.lab.post("/switches", {"filters_ignored": False})
    assert Counter(attributes(crowded).values()) == {"mtd:pending": PHONES}
    log = crowded.lab.get("/requests", since=since)
    written = Counter(entry["path"] for entry in log if was_carried_out(entry, Trouble()))
    assert written == Counter(f"/v1.0/devices/{key}" for key in live(crowded)), (
        "written once, and to nobody else"
    )


def test_polls_that_end_in_an_error_retire_nobody_and_the_next_makes_good(
    crowded: Scene, moved: Moved
) -> None:
    for match, fault in ENDINGS:
        crowded.fault(match, **fault)
        assert crowded.poll().error, match
        assert live(crowded) == moved.others | {moved.gone}, match
        crowded.mend()
        circuit.forget()
    assert crowded.poll().error == ""
    assert live(crowded) == moved.others | {moved.new}


@pytest.mark.parametrize("answer", ["gone", "quirks"])
def test_links_that_expired_and_rounds_that_repeat_themselves(
    crowded: Scene, moved: Moved, answer: str
) -> None:
    """410 with a Location, and rounds with empty pages that tell changes twice and out of order."""
    if answer == "gone":
        crowded.lab.post(f"{crowded.path}/delta/expire", {"answer": answer})
    crowded.lab.post("/switches", {"delta_quirks": answer == "quirks", "page_size": 400})
    try:
        assert crowded.poll().error == ""
    finally:
        crowded.lab.post("/switches", {"delta_quirks": False, "page_size": None})
    assert live(crowded) == moved.others | {moved.new}


def test_people_who_were_deleted_and_may_come_back_leave_with_their_phones(
    crowded: Scene, moved: Moved
) -> None:
    """Their group does not tell that they left (microsoft.md 2.7); they themselves do, in changes and in full."""
    with database.tenant(crowded.tenant_id):
        kept = DirectoryDevice.objects.filter(object_id__in=moved.others).order_by("id")
        first, second = kept[0], kept[1]
    crowded.lab.delete(f"{crowded.path}/users/{first.owner_oid}")
    assert crowded.poll().error == ""
    left = moved.others - {str(first.object_id)}
    assert live(crowded) == left | {moved.new}
    crowded.lab.delete(f"{crowded.path}/users/{second.owner_oid}")
    crowded.lab.post(f"{crowded.path}/users/{first.owner_oid}/restore")
    crowded.forget_changes()
    assert crowded.poll().error == ""
    assert live(crowded) == moved.others - {str(second.object_id)} | {moved.new}


def test_a_reading_of_everything_that_breaks_off_and_a_hidden_group_retire_nobody(
    crowded: Scene, moved: Moved
) -> None:
    crowded.forget_changes()
    group = f"{crowded.path}/groups/{moved.group}"
    crowded.lab.patch(group, {"visibility": "HiddenMembership"})
    assert crowded.poll().error
    assert live(crowded) == moved.others | {moved.gone}
    crowded.lab.patch(group, {"visibility": "Private"})
    crowded.fault("GET /v1.0/devices", status=503)
    assert crowded.poll().error
    assert live(crowded) == moved.others | {moved.gone}


def reads_too_soon(log: list[dict[str, Any]]) -> int:
    """Count the calls to the directory within the second after one was refused there; none is under way then."""
    batches = [entry for entry in log if entry["path"] == "/v1.0/$batch"]
    identity = [entry for entry in log if entry not in batches and "anagedDevices" not in entry["path"]]
    count = 0
    for refused in (entry for entry in identity if entry["status"] == 429):
        around = [one for one in batches if arrived(one) <= arrived(refused) <= ended(one)]
        told = ended(around[-1] if around else refused)
        count += sum(told < arrived(one) < told + 1.0 for one in identity)
    return count
