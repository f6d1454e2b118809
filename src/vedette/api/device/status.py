"""What a phone may know of itself: its state, its open threats, how to mend them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vedette.api.device.answers import ProblemError, good
from vedette.api.device.batch import Batcher
from vedette.api.device.keys import Keys, Speaker
from vedette.api.device.requests import spoken
from vedette.api.device.rules import Rules
from vedette.api.http import Answer
from vedette.connectors.intune.desired import PREFIX
from vedette.connectors.intune.enforcement import Enforcement
from vedette.devices.privacy import SETTINGS, Privacy
from vedette.foundation import clock
from vedette.foundation.database import Pool, pool_system
from vedette.tenants.models import Tenant
from vedette.verdict import DeviceState, Evidence, Risk, classification, summary_in
from vedette_facts.privacy import Collect
from vedette_facts.protocol import (
    STATUS_TYP,
    STATUS_WINDOW_SECONDS,
    DeviceStatus,
    OpenThreat,
    StatusRequest,
)
from vedette_facts.report import utc

HYBRID_JOINED: Final = "ServerAd"


class Statuses:
    """Reads what devices may know of themselves, in batches."""

    def __init__(self, pool: Pool, rules: Rules) -> None:
        self._pool = pool
        self._rules = rules
        self.batcher: Batcher[UUID, dict[str, Any] | None] = Batcher(self._read)

    async def of(self, speaker: Speaker, language: str) -> DeviceStatus:
        """Return the status of the phone that asks. Raises ProblemError when its device is gone."""
        return (await self.and_wishes(speaker, language))[0]

    async def and_wishes(self, speaker: Speaker, language: str) -> tuple[DeviceStatus, Collect]:
        """Return its status, and what the organisation asks of it. Raises ProblemError when its device is gone."""
        row = await self.batcher.ask(speaker.device_id)
        if row is None:
            raise ProblemError("unknown_key")
        status = _status(row, language, await self._rules.of(speaker.tenant_id))
        return status, _privacy(row).of(row["ownership"])

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


def _status(row: Mapping[str, Any], language: str, rules: Enforcement) -> DeviceStatus:
    state = row["state"] or DeviceState.PENDING
    return DeviceStatus(
        state=state,
        since=row["since"],
        blocked=_blocked(row, rules),
        threats=[_threat(threat, language) for threat in row["threats"] or ()],
        last_report_at=row["last_seen_at"],
        assessed_at=row["assessed_at"],
    )


def _privacy(row: Mapping[str, Any]) -> Privacy:
    if row["company"] is None:
        return Privacy()
    return Privacy(**{name: row[name] for name in SETTINGS})


def _blocked(row: Mapping[str, Any], rules: Enforcement) -> bool | None:
    """Say whether this phone loses access; None where only Microsoft's rules know.

    In Monitor mode nothing reaches Microsoft. Else what Microsoft is told decides, by the rules that were read
    back or declared; a phone that Microsoft finds not compliant is refused by a rule that requires compliance.
    Extension attributes count only of a phone that is managed, compliant or hybrid joined (microsoft.md 4.1).
    """
    if row["mode"] == Tenant.Mode.MONITOR:
        return False
    if row["compliant"] is False and row["told"] != DeviceState.SECURED:
        return True
    if not (row["managed"] or row["compliant"] or row["trust_type"] == HYBRID_JOINED):
        return None
    return rules.blocks(row["value"].removeprefix(PREFIX))


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
select d.id, d.last_seen_at, s.state, coalesce(nullif(s.told, ''), s.state) as told, s.since, s.assessed_at, t.mode,
       x.compliant, x.managed, x.trust_type, coalesce(v.desired, '') as value,
       d.managed_facts ->> 'ownership' as ownership, p.company, p.personal, p.unknown, p.network_names,
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
left join connectors_delivery v on v.tenant_id = d.tenant_id and v.device_id = d.id and v.route = 'attribute'
left join devices_privacypolicy p on p.tenant_id = d.tenant_id
left join directory_directorydevice x on x.tenant_id = d.tenant_id and x.object_id = d.entra_object_id
where d.id = any(%(devices)s)
"""
