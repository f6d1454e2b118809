"""Taking reports in: one transaction for a batch of phones, answered after its commit.

A report is stored only when it can change a state: new facts, or a sign of life of a device that is not
connected. All others move the device's "last seen" alone (design.md 2).

A batch never waits for a device that somebody else holds (poll, policy change, assessor): such reports are
answered `held`, and their phones alone wait. So a long transaction of one tenant delays nobody else's phones.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from psycopg import AsyncConnection

from vedette.api.device.answers import ProblemError
from vedette.devices.models import REPORT_CHANNEL
from vedette.foundation import clock
from vedette.foundation.database import Pool, pool_system
from vedette.foundation.ids import new_id

log = logging.getLogger(__name__)

_TRIES: Final = 3
_REPLACED: Final = "replaced"
HELD: Final = "held"
"""Not an answer to a phone: its device is held by another transaction, the report is to be offered again."""


@dataclass(frozen=True)
class Arrival:
    """A report that is genuine and well formed."""

    key_id: str
    sequence: int
    fingerprint: bytes
    digest: str
    facts: msgspec.Raw | None
    observed_at: datetime
    device_observed_at: datetime
    skew_seconds: float
    tenant_id: UUID | None = None


@dataclass(frozen=True)
class Held:
    """What the database knows of a key and its device, held until the batch is committed."""

    key_id: str
    tenant_id: UUID
    device_id: UUID
    last_sequence: int
    last_fingerprint: bytes
    last_digest: str
    retired: bool
    activation: str
    deactivation_reason: str
    disconnected: bool


@dataclass(frozen=True)
class Verdict:
    """What becomes of a report: `error` is the protocol's code, `store` puts it into the assessor's inbox."""

    error: str = ""
    duplicate: bool = False
    store: bool = False
    last_sequence: int | None = None


def judge(arrival: Arrival, held: Held | None, stored: bytes | None) -> Verdict:
    """Decide about one report; `stored` is the fingerprint of a stored report with its number."""
    if held is None:
        return Verdict("unknown_key")
    if held.retired:
        return Verdict("retired_identity")
    if arrival.sequence <= held.last_sequence:
        return _repeated(arrival, held, stored)
    if held.activation == "DEACTIVATED" and held.deactivation_reason != _REPLACED:
        return Verdict()  # out of scope: nothing of it is kept, the answer says "deactivated"
    if arrival.facts is None and arrival.digest != held.last_digest:
        return Verdict("facts_needed")
    return Verdict(store=arrival.digest != held.last_digest or _needs_assessor(held))


def _repeated(arrival: Arrival, held: Held, stored: bytes | None) -> Verdict:
    known = held.last_fingerprint if arrival.sequence == held.last_sequence else stored
    if known == arrival.fingerprint:
        return Verdict(duplicate=True)
    return Verdict("sequence_reused", last_sequence=held.last_sequence)


def _needs_assessor(held: Held) -> bool:
    """Tell whether a sign of life alone changes something: a return, a reconnection."""
    return held.disconnected or held.activation != "ACTIVATED"


class Inbox:
    """The work behind the batcher of reports."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Take a batch in; no two of one key. A report that spoils the batch is found by taking each alone.

        Verdicts with the error HELD are to be offered again.
        """
        try:
            return await self._with_retry(arrivals)
        except psycopg.errors.LockNotAvailable:
            return await self._by_tenant(arrivals)
        except psycopg.DataError:
            if len(arrivals) == 1:
                log.exception("A report cannot be stored")
                return [Verdict("malformed")]
        return [verdict for arrival in arrivals for verdict in await self.take([arrival])]

    async def _by_tenant(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Find the tenant whose rows keep the others waiting by taking each tenant's reports apart."""
        tenants = {arrival.tenant_id for arrival in arrivals}
        if len(tenants) == 1:
            return [Verdict(HELD)] * len(arrivals)
        found: dict[str, Verdict] = {}
        for tenant_id in tenants:
            own = [arrival for arrival in arrivals if arrival.tenant_id == tenant_id]
            found |= {a.key_id: v for a, v in zip(own, await self.take(own), strict=True)}
        return [found[arrival.key_id] for arrival in arrivals]

    async def _with_retry(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        for _ in range(_TRIES - 1):
            try:
                return await self._take(arrivals)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                log.warning("A batch of reports met a lock; trying again")
            except psycopg.errors.ForeignKeyViolation:
                log.warning("A device of the batch was deleted meanwhile; trying again")
        try:
            return await self._take(arrivals)
        except psycopg.errors.LockNotAvailable:
            raise
        except psycopg.OperationalError as error:
            log.warning("Reports cannot be taken in: %s", error)
            raise ProblemError("unavailable", retry_after=5) from error

    async def _take(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        now = clock.now()
        async with pool_system(self._pool) as connection:
            held, elsewhere = await _hold(connection, arrivals)
            stored = await _stored(connection, arrivals, held)
            verdicts = [
                Verdict(HELD)
                if a.key_id in elsewhere
                else judge(a, held.get(a.key_id), stored.get((a.key_id, a.sequence)))
                for a in arrivals
            ]
            news = [
                (arrival, held[arrival.key_id], verdict)
                for arrival, verdict in zip(arrivals, verdicts, strict=True)
                if not verdict.error and not verdict.duplicate
            ]
            if news:
                await _write(connection, news, now)
        return verdicts


async def _hold(
    connection: AsyncConnection[Any], arrivals: Sequence[Arrival]
) -> tuple[dict[str, Held], set[str]]:
    """Hold what is free of the batch's devices; return it, and the keys whose devices somebody else holds."""
    keys = [arrival.key_id for arrival in arrivals]
    await connection.execute(_PATIENCE)
    cursor = await connection.execute(_HOLD, {"keys": keys})
    held = {row[0]: Held(*row) for row in await cursor.fetchall()}
    missing = [key for key in keys if key not in held]
    if not missing:
        return held, set()
    cursor = await connection.execute(_KNOWN, {"keys": missing})
    return held, {row[0] for row in await cursor.fetchall()}


async def _stored(
    connection: AsyncConnection[Any], arrivals: Sequence[Arrival], held: Mapping[str, Held]
) -> dict[tuple[str, int], bytes]:
    """Read fingerprints of stored reports with the numbers of older ones that came again: they are rare."""
    older = [a for a in arrivals if a.key_id in held and a.sequence < held[a.key_id].last_sequence]
    if not older:
        return {}
    cursor = await connection.execute(
        _STORED,
        {
            "tenants": [held[a.key_id].tenant_id for a in older],
            "keys": [a.key_id for a in older],
            "sequences": [a.sequence for a in older],
        },
    )
    return {(key, sequence): bytes(body) for key, sequence, body in await cursor.fetchall()}


async def _write(
    connection: AsyncConnection[Any], news: Sequence[tuple[Arrival, Held, Verdict]], now: datetime
) -> None:
    """Store what the assessor needs and move every phone on, without waiting for each answer."""
    reports = [_report(arrival, held) for arrival, held, verdict in news if verdict.store]
    async with connection.pipeline():
        if reports:
            await connection.execute(_INSERT, {"rows": msgspec.json.encode(reports).decode(), "now": now})
        await connection.execute(_MOVE_KEYS, {"rows": msgspec.json.encode([_key(*n) for n in news]).decode()})
        devices = sorted({held.device_id for _, held, _ in news})
        await connection.execute(_MOVE_DEVICES, {"devices": devices, "now": now})
        if reports:
            await connection.execute("select pg_notify(%s, '')", [REPORT_CHANNEL])


def _report(arrival: Arrival, held: Held) -> dict[str, Any]:
    known = arrival.digest == held.last_digest
    return {
        "id": new_id(),
        "tenant_id": held.tenant_id,
        "device_id": held.device_id,
        "key_id": arrival.key_id,
        "sequence": arrival.sequence,
        "body_hash": arrival.fingerprint.hex(),
        "observed_at": arrival.observed_at,
        "device_observed_at": arrival.device_observed_at,
        "skew_seconds": arrival.skew_seconds,
        "digest": arrival.digest,
        "facts": None if known else arrival.facts,
    }


def _key(arrival: Arrival, held: Held, _verdict: Verdict) -> dict[str, Any]:
    # nothing of a deactivated device's report is kept, so no later report may refer to it
    kept = held.activation != "DEACTIVATED" or held.deactivation_reason == _REPLACED
    return {
        "tenant_id": held.tenant_id,
        "key_id": arrival.key_id,
        "sequence": arrival.sequence,
        "fingerprint": arrival.fingerprint.hex(),
        "digest": arrival.digest if kept else "",
        "skew_seconds": arrival.skew_seconds,
    }


# What a batch may still wait for is not its devices: rows that foreign keys point at.
_PATIENCE: Final = "set local lock_timeout = '300ms'"

_HOLD: Final = """
select k.key_id, k.tenant_id, k.device_id, k.last_sequence, k.last_fingerprint, k.last_digest,
       k.retired_at is not null, d.activation_status, d.deactivation_reason, d.disconnected_at is not null
from devices_devicekey k
join devices_device d on d.tenant_id = k.tenant_id and d.id = k.device_id
where k.key_id = any(%(keys)s)
order by d.id
for no key update of d, k skip locked
"""

_KNOWN: Final = """
select k.key_id
from devices_devicekey k
join devices_device d on d.tenant_id = k.tenant_id and d.id = k.device_id
where k.key_id = any(%(keys)s)
"""

_STORED: Final = """
select r.key_id, r.sequence, r.body_hash
from unnest(%(tenants)s::uuid[], %(keys)s::text[], %(sequences)s::bigint[]) as w(tenant_id, key_id, sequence)
join devices_report r on r.tenant_id = w.tenant_id and r.key_id = w.key_id and r.sequence = w.sequence
"""

_INSERT: Final = """
insert into devices_report
    (id, tenant_id, device_id, key_id, sequence, body_hash, received_at, observed_at, device_observed_at,
     skew_seconds, digest, facts, problem)
select r.id, r.tenant_id, r.device_id, r.key_id, r.sequence, decode(r.body_hash, 'hex'), %(now)s,
       r.observed_at, r.device_observed_at, r.skew_seconds, r.digest, r.facts, ''
from jsonb_to_recordset(%(rows)s::jsonb)
    as r(id uuid, tenant_id uuid, device_id uuid, key_id text, sequence bigint, body_hash text,
         observed_at timestamptz, device_observed_at timestamptz, skew_seconds float8, digest text, facts jsonb)
on conflict (tenant_id, key_id, sequence) do nothing
"""

_MOVE_KEYS: Final = """
update devices_devicekey k
set last_sequence = r.sequence, last_fingerprint = decode(r.fingerprint, 'hex'), last_digest = r.digest,
    skew_seconds = r.skew_seconds
from jsonb_to_recordset(%(rows)s::jsonb)
    as r(tenant_id uuid, key_id text, sequence bigint, fingerprint text, digest text, skew_seconds float8)
where k.tenant_id = r.tenant_id and k.key_id = r.key_id
"""

_MOVE_DEVICES: Final = """
update devices_device d
set last_seen_at = %(now)s, disconnected_after = %(now)s + make_interval(days => t.disconnected_days)
from tenants_tenant t
where d.id = any(%(devices)s) and t.id = d.tenant_id
"""
