"""What phones met on the web: stored, and a threat on the phone for as long as the organisation wants.

Only the blocked and the suspicious are stored, once for each device and host. What a list names opens a threat, which
ends by itself some hours after it was met last, or by an administrator. The suspicious are told and end at once: signs
alone never cost a phone its access. So does what a person only asked about (a text, a code).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform

from vedette.compliance import open_threats, signals, state
from vedette.compliance.models import StateChange, WebEncounter
from vedette.compliance.threat_events import threat_event
from vedette.detection.web import BadAddressError, WebVerdict, parse_address
from vedette.detection.web.addresses import unicode_form
from vedette.devices.models import Device
from vedette.events.log import emit_all
from vedette.feeds import web_settings
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.threats.models import Threat
from vedette.verdict import CLASSIFICATIONS
from vedette.verdict.findings import AGENT
from vedette.verdict.summaries import summary_in

Way = Literal["doh", "dot", "link", "text", "qr", "report"]

DETECTOR: Final = "web/1"
CAUSE: Final = "web"
ASKED: Final = frozenset({"text", "qr"})
"""Ways by which a person asks before going anywhere."""
RESOLVED_AT_ONCE: Final = "It was told, and does not count against the phone."
RESOLVED_BY_TIME: Final = "It was not met again for as long as the organisation lets it count."

MOST_OF_A_DEVICE: Final = 1000
"""So many rows are kept of a device; a harmful app can ask for any number of names below a listed one."""

_LONGEST_SUBJECT: Final = 1000
_TOLD_AGAIN: Final = timedelta(days=1)
_OUTCOMES: Final = frozenset({"blocked", "suspicious"})
_COMPANY: Final = "company"
_PLACE: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:[/\\]+)?[^/\\?#]{0,253}", re.IGNORECASE)
"""Of what is no address: all before a path or parameters."""


@dataclass(frozen=True)
class Encounter:
    """A verdict that a device met. `subject`: the host or address; `at`: when."""

    device_id: UUID
    subject: str
    verdict: WebVerdict
    at: datetime
    way: Way


@dataclass
class _Met:
    """Encounters of one device with one subject; the last one's verdict counts. `threat`: the unresolved one."""

    row: WebEncounter
    device: Device
    verdict: WebVerdict
    fresh: bool
    tell: bool
    counts: bool = False
    """Whether one of them may count against the phone."""
    threat: Threat | None = None

    @property
    def key(self) -> str:
        """What makes it the same threat: the listed name, so that the many names below one are one threat."""
        return f"web:{_entry(self.verdict) or self.row.subject}"


def record(tenant_id: UUID, encounters: Sequence[Encounter]) -> list[Threat]:
    """Store encounters and open their threats, in one transaction as the tenant's writer; opens its own door.

    Clean and allowed ones are dropped unread, and those of devices that are gone. Returns the threats opened; those
    that end at once are among them, resolved.
    """
    told = [item for item in encounters if item.verdict.outcome in _OUTCOMES]
    if not told:
        return []
    with database.writer(tenant_id):
        settings = web_settings.current()
        met = _merged(told, keep_addresses=settings.keep_addresses)
        opened = _open(met, timedelta(hours=settings.open_hours))
        _store(met, timedelta(hours=settings.open_hours))
        emit_all([threat_event(threat, "CREATED") for threat in opened])
        standing = [threat for threat in opened if threat.status == Threat.Status.OPEN]
        state.decide_devices([threat.device_id for threat in standing], CAUSE)
        alerts = [
            threat for threat in opened if threat.id in {item.row.threat_id for item in met if item.counts}
        ]
        if alerts:
            signals.threats_opened.send(sender=Threat, tenant_id=tenant_id, threats=alerts)
        return opened


def expire(tenant_id: UUID) -> list[StateChange]:
    """End the threats whose hours are over."""
    with database.writer(tenant_id):
        over = WebEncounter.objects.filter(open_until__lte=clock.now())
        ids = {threat_id for threat_id in over.values_list("threat_id", flat=True) if threat_id}
        over.update(open_until=None)
        still = WebEncounter.objects.filter(threat_id__in=ids, open_until__isnull=False)
        return _resolve(ids - set(still.values_list("threat_id", flat=True)))


def tenants_due() -> list[UUID]:
    """List the tenants with threats whose hours are over."""
    with database.system():
        over = WebEncounter.objects.filter(open_until__lte=clock.now())
        return list(over.values_list("tenant_id", flat=True).distinct())


def forget_old(tenant_id: UUID, kept: timedelta) -> int:
    """Delete encounters that were met last so long ago; inside no door. Returns how many."""
    with database.writer(tenant_id):
        old = WebEncounter.objects.filter(last_at__lt=clock.now() - kept, open_until__isnull=True)
        return old.delete()[0]


def _merged(told: Iterable[Encounter], *, keep_addresses: bool) -> list[_Met]:
    """Put encounters of one device with one subject together, and with what is stored of it already."""
    ordered = sorted(told, key=lambda item: item.at)
    devices = _devices({item.device_id for item in ordered})
    full = _full(devices)
    kept = [_kept_subject(item, devices, wanted=keep_addresses) for item in ordered]
    ordered = [
        replace(item, verdict=_kept_verdict(item.verdict, subject))
        for item, subject in zip(ordered, kept, strict=True)
    ]
    subjects = [
        _entry(item.verdict) if item.device_id in full else subject
        for item, subject in zip(ordered, kept, strict=True)
    ]
    known = {
        (row.device_id, row.subject, row.classification): row
        for row in WebEncounter.objects.filter(device__in=devices, subject__in=set(subjects))
    }
    met: dict[tuple[UUID, str, str], _Met] = {}
    for item, subject in zip(ordered, subjects, strict=True):
        device = devices.get(item.device_id)
        if device is None:
            continue
        key = (device.id, subject, item.verdict.classification)
        if key not in met:
            met[key] = _new(key, device, item, known.get(key))
        else:
            met[key].row.times += 1
        row = met[key].row
        row.last_at, row.way, row.outcome = max(item.at, row.last_at), item.way, item.verdict.outcome
        row.evidence = [asdict(fact) for fact in item.verdict.reasons]
        met[key].verdict = item.verdict
        met[key].counts |= item.verdict.outcome == "blocked" and item.way not in ASKED
    _attach_threats(met.values())
    return list(met.values())


def _full(devices: Collection[UUID]) -> set[UUID]:
    """Name the devices of which so many encounters are kept that further ones go under the listed name."""
    rows = WebEncounter.objects.filter(device__in=devices).values("device").annotate(kept=Count("id"))
    return set(rows.filter(kept__gte=MOST_OF_A_DEVICE).values_list("device", flat=True))


def _entry(verdict: WebVerdict) -> str:
    """Give the listed name behind a verdict, else the host."""
    facts = {item.fact: item.value for item in reversed(verdict.reasons)}
    return (facts.get("entry") or facts.get("host") or verdict.subject)[:_LONGEST_SUBJECT]


def _new(key: tuple[UUID, str, str], device: Device, item: Encounter, row: WebEncounter | None) -> _Met:
    if row is not None:
        tell = row.last_at < item.at - _TOLD_AGAIN
        row.times += 1
        return _Met(row, device, item.verdict, fresh=False, tell=tell)
    row = WebEncounter(
        id=new_id(),
        tenant_id=device.tenant_id,
        device=device,
        subject=key[1],
        classification=key[2],
        first_at=item.at,
        last_at=item.at,
    )
    return _Met(row, device, item.verdict, fresh=True, tell=True)


def _kept_subject(item: Encounter, devices: Mapping[UUID, Device], *, wanted: bool) -> str:
    """Give the host, and the address only where the organisation and the phone's ownership let it be kept."""
    device = devices.get(item.device_id)
    whole = wanted and device is not None and device.ownership == _COMPANY  # type: ignore[attr-defined] # by _devices
    try:
        address = parse_address(item.subject)
    except BadAddressError:
        shown = item.verdict.subject
        return shown[:_LONGEST_SUBJECT] if whole else _PLACE.match(shown)[0].rpartition("@")[2]  # type: ignore[index] # it matches nothing, too
    host = unicode_form(address.host.name)
    return item.subject.strip()[:_LONGEST_SUBJECT] if whole and address.rest.strip("/") else host


def _kept_verdict(verdict: WebVerdict, subject: str) -> WebVerdict:
    """Leave of what could not be read, in the evidence too, what may be kept of it."""
    reasons = tuple(
        replace(fact, value=subject) if (fact.rule, fact.fact) == ("web.unreadable", "host") else fact
        for fact in verdict.reasons
    )
    return replace(verdict, reasons=reasons)


def _devices(ids: Collection[UUID]) -> dict[UUID, Device]:
    rows = Device.objects.filter(id__in=ids).exclude(activation_status=Device.Activation.DEACTIVATED)
    return {
        row.id: row
        for row in rows.annotate(ownership=KeyTextTransform("ownership", "managed_facts")).defer("facts")
    }


def _attach_threats(met: Iterable[_Met]) -> None:
    every = list(met)
    rows = Threat.objects.filter(device__in={item.device.id for item in every}, key__startswith="web:")
    unresolved = list(rows.exclude(status=Threat.Status.RESOLVED))
    by_id = {row.id: row for row in unresolved}
    by_key = {(row.device_id, row.classification, row.key): row for row in unresolved}
    for item in every:
        # the one that it opened stays its own, also when another entry of the lists covers it now: else nothing
        # would end that one any more
        own = by_id.get(item.row.threat_id) if item.row.threat_id else None
        item.threat = own or by_key.get((item.device.id, item.row.classification, item.key))


def _open(met: Sequence[_Met], hours: timedelta) -> list[Threat]:
    """Insert the threats that are not there; risk and response are looked up in the policy of each device's group."""
    wanted: dict[tuple[UUID, str, str], _Met] = {}
    for item in met:
        if item.threat is None and (item.counts or item.tell):
            identity = (item.device.id, item.row.classification, item.key)
            if identity not in wanted or item.counts:
                wanted[identity] = item
    now = clock.now()
    opened = open_threats.insert([_threat_row(item, hours, now) for item in wanted.values()])
    made = {(row.device_id, row.classification, row.key): row for row in opened}
    for item in met:
        item.threat = item.threat or made.get((item.device.id, item.row.classification, item.key))
    return opened


def _threat_row(item: _Met, hours: timedelta, now: datetime) -> dict[str, object]:
    stands = item.counts and bool(hours) and item.row.last_at + hours > now
    verdict = item.verdict
    return {
        "id": str(new_id()),
        "device_id": str(item.device.id),
        "classification": item.row.classification,
        "key": item.key,
        "family": next((fact.value for fact in verdict.reasons if fact.fact == "family"), ""),
        "status": Threat.Status.OPEN if stands else Threat.Status.RESOLVED,
        "resolution": "" if stands else RESOLVED_AT_ONCE,
        "resolved_at": None if stands else now.isoformat(),
        "summary": summary_in("en", verdict.reasons)
        or CLASSIFICATIONS[item.row.classification].text["en"].title,
        "evidence": item.row.evidence,
        "detector": DETECTOR,
        "source": next((fact.source for fact in verdict.reasons if fact.source), ""),
        "origin": AGENT,
        "detected_at": item.row.last_at.isoformat(),
    }


def _store(met: Iterable[_Met], hours: timedelta) -> None:
    fresh: list[WebEncounter] = []
    known: list[WebEncounter] = []
    for item in met:
        threat = item.threat
        item.row.threat_id = threat.id if threat else item.row.threat_id
        standing = threat is not None and threat.status != Threat.Status.RESOLVED
        if not standing:
            item.row.open_until = None
        elif item.counts:
            item.row.open_until = item.row.last_at + hours
        (fresh if item.fresh else known).append(item.row)
    WebEncounter.objects.bulk_create(fresh)
    WebEncounter.objects.bulk_update(
        known, ["last_at", "way", "outcome", "evidence", "times", "threat_id", "open_until"]
    )


def _resolve(threat_ids: Collection[UUID]) -> list[StateChange]:
    threats = Threat.objects.filter(id__in=threat_ids).exclude(status=Threat.Status.RESOLVED)
    rows = list(threats.select_related("device").defer("device__facts").order_by("id"))
    if not rows:
        return []
    now = clock.now()
    before = {row.id: row.status for row in rows}
    for row in rows:
        row.status, row.resolution = Threat.Status.RESOLVED, RESOLVED_BY_TIME
        row.resolved_at = row.updated_at = now
    Threat.objects.bulk_update(rows, ["status", "resolution", "resolved_at", "updated_at"])
    emit_all([threat_event(row, "RESOLVED", before=before[row.id]) for row in rows])
    ids = {row.device_id for row in rows}
    changes = state.decide_devices(ids, CAUSE)
    signals.threats_changed.send(sender=Threat, tenant_id=rows[0].tenant_id, device_ids=ids)
    return changes
