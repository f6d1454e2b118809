"""What a phone may know of itself: its state, its open threats, how to mend them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vedette.api.device.answers import Answer, ProblemError, good
from vedette.api.device.batch import Batcher
from vedette.api.device.keys import Keys, Speaker
from vedette.api.device.requests import spoken
from vedette.foundation import clock
from vedette.foundation.database import Pool, pool_system
from vedette.tenants.models import Tenant
from vedette.verdict import DeviceState, Evidence, Risk, classification, summary_in
from vedette_facts.protocol import (
    STATUS_TYP,
    STATUS_WINDOW_SECONDS,
    DeviceStatus,
    OpenThreat,
    StatusRequest,
)
from vedette_facts.report import utc


class Statuses:
    """Reads what devices may know of themselves, in batches."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.batcher: Batcher[UUID, dict[str, Any] | None] = Batcher(self._read)

    async def of(self, speaker: Speaker, language: str) -> DeviceStatus:
        """Return the status of the phone that asks. Raises ProblemError when its device is gone."""
        row = await self.batcher.ask(speaker.device_id)
        if row is None:
            raise ProblemError("unknown_key")
        return _status(row, language)

    async def _read(self, device_ids: Sequence[UUID]) -> list[dict[str, Any] | None]:
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_READ, {"devices": list(device_ids)})
            names = [column.name for column in cursor.description or ()]
            rows = {row[0]: dict(zip(names, row, strict=True)) for row in await cursor.fetchall()}
        return [rows.get(device_id) for device_id in device_ids]


class Status:
    """Handler of `POST /device/v1/status`."""

    def __init__(self, pool: Pool, keys: Keys, statuses: Statuses, *, public_url: str) -> None:
        self._pool = pool
        self._keys = keys
        self._statuses = statuses
        self._public_url = public_url

    async def answer(self, body: bytes, language: str) -> Answer:
        """Answer what the phone's own state is. Raises ProblemError."""
        message, speaker = await spoken(body, STATUS_TYP, StatusRequest, self._keys, self._public_url)
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_KEY, {"key": speaker.key_id})
            row = await cursor.fetchone()
        if row is None:
            raise ProblemError("unknown_key")
        retired, skew = row
        if retired:
            raise ProblemError("retired_identity")
        refuse_stale(utc(message.sent_at), skew, clock.now())
        return good(200, await self._statuses.of(speaker, language))


def refuse_stale(sent_at: datetime, skew_seconds: float, now: datetime) -> None:
    """Refuse a captured message that is played again later.

    The phone's clock may be wrong: its time is corrected by the skew of its last check-in; a clock that was
    set right since is fine as it is. Raises ProblemError.
    """
    late = (now - sent_at).total_seconds()
    if min(abs(late), abs(late - skew_seconds)) > STATUS_WINDOW_SECONDS:
        raise ProblemError("stale_request")


def _status(row: Mapping[str, Any], language: str) -> DeviceStatus:
    state = row["state"] or DeviceState.PENDING
    return DeviceStatus(
        state=state,
        since=row["since"],
        blocked=_blocked(state, row["mode"], compliant=row["compliant"]),
        threats=[_threat(threat, language) for threat in row["threats"] or ()],
        last_report_at=row["last_seen_at"],
        assessed_at=row["assessed_at"],
    )


def _blocked(state: str, mode: str, *, compliant: bool | None) -> bool | None:
    """Say whether this phone loses access; None where only Microsoft's rules know.

    In Monitor mode nothing reaches Microsoft. The rules are Microsoft's: what they make of a level is known
    only where Entra says that the device is not compliant.
    """
    if mode == Tenant.Mode.MONITOR or state == DeviceState.SECURED:
        return False
    return True if compliant is False else None


def _threat(row: Mapping[str, Any], language: str) -> OpenThreat:
    words = classification(row["classification"]).words(language)
    evidence = [Evidence(**item) for item in row["evidence"]]
    return OpenThreat(
        classification=row["classification"],
        title=words.title,
        summary=summary_in(language, evidence) or row["summary"],
        mend=row["mend"] or words.mend,
        risk=Risk(row["risk"]).name,
        detected_at=datetime.fromisoformat(row["detected_at"]),
    )


_KEY: Final = "select retired_at is not null, skew_seconds from devices_devicekey where key_id = %(key)s"

_READ: Final = """
select d.id, d.last_seen_at, s.state, s.since, s.assessed_at, t.mode, x.compliant,
       (select jsonb_agg(
                   jsonb_build_object(
                       'classification', h.classification, 'summary', h.summary, 'mend', h.mend,
                       'evidence', h.evidence, 'risk', h.risk, 'detected_at', h.detected_at)
                   order by h.risk desc, h.created_at, h.id)
        from threats_threat h
        where h.tenant_id = d.tenant_id and h.device_id = d.id and h.status = 'open') as threats
from devices_device d
join tenants_tenant t on t.id = d.tenant_id
left join compliance_devicestate s on s.device_id = d.id
left join directory_directorydevice x on x.tenant_id = d.tenant_id and x.object_id = d.entra_object_id
where d.id = any(%(devices)s)
"""
