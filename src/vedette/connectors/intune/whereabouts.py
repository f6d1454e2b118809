"""Where a person or a device stands at Microsoft right now, asked live: who the directory here does not know.

Raises GraphError and TokenError throughout: what Microsoft does not answer is not known.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from vedette.connectors.intune.eligibility import Limits
from vedette.connectors.intune.entra_devices import (
    DEVICE_FIELDS,
    OWNERS,
    device_now,
    devices_of_person,
)
from vedette.connectors.intune.membership import device_is_member, is_member, known
from vedette.connectors.intune.records import device_record, user_record
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.foundation.graph import Graph, GraphError

USER_FIELDS: Final = "id,displayName,userPrincipalName,mail,accountEnabled"
MOST: Final = 5
Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What decides: the enrollment groups (object ID, nested members count), the limits, and the time."""

    groups: Sequence[tuple[uuid.UUID, bool]]
    limits: Limits
    now: datetime


@dataclass(frozen=True)
class Person:
    """A person as Entra has them now. ``nested_only``: in a group inside one whose nested groups do not count."""

    user: UserRecord
    member: bool
    nested_only: bool = False
    phones: Sequence[DeviceRecord] = ()


@dataclass(frozen=True)
class Thing:
    """A device as Entra has it now, with whoever counts as its owner."""

    record: DeviceRecord
    owner: UserRecord | None
    owner_member: bool
    member: bool


@dataclass(frozen=True)
class Found:
    """People and devices that the words may stand for; ``more`` says that there are others."""

    people: Sequence[Person] = ()
    devices: Sequence[Thing] = ()
    more: bool = False


@dataclass
class _Seen:
    people: dict[str, Json] = field(default_factory=dict)
    devices: dict[str, Json] = field(default_factory=dict)


def look(graph: Graph, words: str, asked: Asked) -> Found:
    """Ask Entra who or what these words are: sign-in name, mail, name, device name, object or device ID."""
    seen = _Seen()
    for item in _people(graph, words):
        seen.people.setdefault(str(item["id"]), item)
    for item in _devices(graph, words):
        seen.devices.setdefault(str(item["id"]), item)
    people = [_person(graph, item, asked) for item in list(seen.people.values())[:MOST]]
    devices = [_thing(graph, item, asked) for item in list(seen.devices.values())[:MOST]]
    return Found(people, devices, more=max(len(seen.people), len(seen.devices)) > MOST)


def _people(graph: Graph, words: str) -> Iterator[Json]:
    if _is_id(words) or "@" in words:
        yield from _one(graph, f"/users/{quote(words, safe='')}", USER_FIELDS)
    if _is_id(words):
        return
    text = words.replace("'", "''")
    names = [f"mail eq '{text}'"] if "@" in words else [f"startswith(displayName,'{text}')"]
    for asked in names:
        yield from graph.get("/users", filter=asked, select=USER_FIELDS, top=MOST + 1).get("value", [])


def _devices(graph: Graph, words: str) -> Iterator[Json]:
    if "@" in words:
        return
    if _is_id(words):
        yield from _one(graph, f"/devices/{words}", DEVICE_FIELDS)
        asked = f"deviceId eq '{words}'"
    else:
        text = words.replace("'", "''")
        asked = f"startswith(displayName,'{text}')"
    found = graph.get("/devices", filter=asked, select=DEVICE_FIELDS, expand=OWNERS, top=MOST + 1)
    yield from found.get("value", [])


def _one(graph: Graph, path: str, fields: str) -> Iterable[Json]:
    try:
        return [graph.get(path, select=fields)]
    except GraphError as error:
        if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}:
            return []
        raise


def _person(graph: Graph, item: Json, asked: Asked) -> Person:
    user = user_record(item)
    member = known(lambda: is_member(graph, user.oid, asked.groups))
    anyhow = [(group, True) for group, _nested in asked.groups]
    nested = not member and known(lambda: is_member(graph, user.oid, anyhow))
    phones = [device_record(one, asked.limits, asked.now) for one in devices_of_person(graph, user.oid)]
    return Person(user, member, nested, phones)


def _thing(graph: Graph, item: Json, asked: Asked) -> Thing:
    record = device_record(device_now(graph, item), asked.limits, asked.now)
    owner = None
    if record.owner_oid:
        rows = _one(graph, f"/users/{record.owner_oid}", USER_FIELDS)
        owner = next((user_record(row) for row in rows), None)
    owner_member = owner is not None and known(lambda: is_member(graph, owner.oid, asked.groups))
    member = known(lambda: device_is_member(graph, record.object_id, asked.groups))
    return Thing(record, owner, owner_member, member)


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
