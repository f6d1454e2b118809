"""Answers to "why?" from what is known here: devices with their state, entries of the directory, people."""

import uuid
from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.connectors.intune import enforcement
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.intune.words import MEND, UNSUPPORTED
from vedette.connectors.models import Delivery
from vedette.console import device_story
from vedette.console.device_story import Case
from vedette.console.explanation import LEFT_BECAUSE
from vedette.console.why_answers import Answer, Line
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.directory.models import DirectoryDevice, DirectoryUser
from vedette.foundation import clock
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat

MOST: Final = 10


def answers(tenant: Tenant, words: str) -> tuple[list[Answer], bool]:
    """Answer for whoever and whatever the words fit; the second says that there are more. In the tenant's door."""
    devices = list(_devices(words)[: MOST + 1])
    entries = list(_entries(words)[: MOST + 1])
    people = list(_people(words, devices)[: MOST + 1])
    rules = enforcement.of(connector_of(tenant.id))
    found = [_device(tenant, device, rules) for device in devices[:MOST]]
    found += [_entry(entry) for entry in entries[:MOST]]
    found += [_person(person) for person in people[:MOST]]
    return found, max(len(devices), len(entries), len(people)) > MOST


def _devices(words: str) -> QuerySet[Device]:
    named = Q(display_name__icontains=words) | Q(owner_upn__iexact=words) | Q(owner_email__iexact=words)
    named |= Q(owner_name__icontains=words) | Q(serial_number__iexact=words)
    if key := _id(words):
        named |= Q(id=key) | Q(entra_object_id=key) | Q(entra_device_id=key) | Q(owner_oid=key)
    rows = Device.objects.filter(named).select_related("state_row").defer("facts")
    return rows.order_by("owner_name", "display_name", "id")


def _entries(words: str) -> QuerySet[DirectoryDevice]:
    """Entries of the directory that no device stands for."""
    named = Q(display_name__icontains=words) | Q(serial_number__iexact=words)
    if key := _id(words):
        named |= Q(object_id=key) | Q(entra_device_id=key) | Q(owner_oid=key)
    owners = DirectoryUser.objects.filter(_named(words)).values("oid")
    standing = Device.objects.filter(entra_object_id__isnull=False).values("entra_object_id")
    rows = DirectoryDevice.objects.filter(named | Q(owner_oid__in=owners)).exclude(object_id__in=standing)
    return rows.order_by("display_name", "object_id")


def _people(words: str, devices: Iterable[Device]) -> QuerySet[DirectoryUser]:
    """People of whose devices nothing is shown above."""
    shown = {device.owner_oid for device in devices}
    rows = DirectoryUser.objects.filter(_named(words)).exclude(oid__in=[oid for oid in shown if oid])
    return rows.order_by("display_name", "oid")


def _named(words: str) -> Q:
    named = Q(upn__iexact=words) | Q(mail__iexact=words) | Q(display_name__icontains=words)
    return named | Q(oid=key) if (key := _id(words)) else named


def _device(tenant: Tenant, device: Device, rules: enforcement.Enforcement) -> Answer:
    threats = Threat.objects.filter(device=device, status=Threat.Status.OPEN)
    case = Case(device, tenant, list(threats), list(Delivery.objects.filter(device=device)), rules)
    return Answer(
        title=device.display_name or device.model or _("Unnamed device"),
        subtitle=device.owner_name or device.owner_upn or _("no person"),
        headline=device_story.headline(case),
        tone=device_story.tone(case),
        icon="device-mobile",
        lines=list(_story(case)),
        state=case.state.value,
        href=reverse("console:device", args=[device.pk]),
    )


def _story(case: Case) -> Iterator[Line]:
    device = case.device
    if device.activation_status == Device.Activation.DEACTIVATED:
        why = LEFT_BECAUSE.get(device.deactivation_reason, device.deactivation_reason)
        yield Line(why, ok=False, mend=_back(device), at=device.deactivated_at)
    elif device.activation_status == Device.Activation.PENDING:
        yield Line(_("It is in scope: found through the enrollment groups."), ok=True)
        yield from _invited(device)
    for step in device_story.steps(case):
        yield Line(f"{step.name}: {step.text}" if step.text else step.name, at=step.at, icon=step.icon)


def _back(device: Device) -> str:
    """Say how a device that is out comes back."""
    if device.deactivation_reason == "administrator":
        return _("Reinstate it on its page.")
    key = device.entra_object_id
    entry = DirectoryDevice.objects.filter(object_id=key).first() if key else None
    if entry and entry.unsupported_reason:
        return str(MEND.get(entry.unsupported_reason, ""))
    return _("Put its person, or the device itself, into an enrollment group; the next poll brings it back.")


def _invited(device: Device) -> Iterator[Line]:
    """Say what became of the invitation of a pending phone."""
    mine = Q(device=device) | (Q(device=None, owner_oid=device.owner_oid) if device.owner_oid else Q(pk=None))
    waiting = WaitingIdentity.objects.filter(invitation__in=Invitation.objects.filter(mine)).first()
    if waiting:
        text = _(
            "The app was opened, and waits: it is not certain which phone it is, or nobody is in a group yet."
        )
        yield Line(text, ok=False, mend=_("Confirm it under Manage Enrollment."), at=waiting.last_seen_at)
    newest = Invitation.objects.filter(mine).order_by("-created_at").first()
    if newest is None:
        text = _("No activation code was sent for it.")
        yield Line(text, ok=False, mend=_("Invite its person on its page, or under Manage Enrollment."))
    elif newest.used_at:
        yield Line(_("The last activation code was used."), ok=None, at=newest.used_at)
    elif newest.send_error:
        text = _("The activation code could not be sent: %(why)s") % {"why": newest.send_error}
        yield Line(text, ok=False, mend=_("Mend the address or the mail server, then invite again."))
    elif newest.revoked_at or newest.expires_at < clock.now():
        text = _("The activation code is no longer good.")
        yield Line(text, ok=False, mend=_("Invite again."), at=newest.revoked_at or newest.expires_at)
    else:
        text = _("An activation code was sent to %(address)s and has not been used.") % {
            "address": newest.email
        }
        mend = _("Ask the person to install the app, open it and enter the code.")
        yield Line(text, ok=False, mend=mend, at=newest.sent_at or newest.created_at)


def _entry(entry: DirectoryDevice) -> Answer:
    reason = entry.unsupported_reason
    lines = [Line(_("Its person, or the device itself, is in an enrollment group."), ok=True)]
    if reason:
        lines.append(Line(UNSUPPORTED.get(reason, reason), ok=False, mend=MEND.get(reason, "")))
    else:
        lines.append(Line(_("It was found at the last poll and appears in a moment."), ok=True))
    owner = DirectoryUser.objects.filter(oid=entry.owner_oid).first() if entry.owner_oid else None
    return Answer(
        title=entry.display_name or entry.model or _("Unnamed device"),
        subtitle=(owner.display_name or owner.upn) if owner else _("no person"),
        headline=_("It is not protected: it does not meet the limits of Enrollment management.")
        if reason
        else _("It is on its way to Devices."),
        tone="warning" if reason else "info",
        icon="device-mobile-off",
        lines=lines,
    )


def _person(person: DirectoryUser) -> Answer:
    count = DirectoryDevice.objects.filter(owner_oid=person.oid).count()
    lines = [Line(_("In an enrollment group at the last poll."), ok=True)]
    if not person.enabled:
        lines.append(
            Line(_("Sign-in is blocked in Entra."), ok=False, mend=_("Enable the account if it is in use."))
        )
    text = ngettext(
        "%(count)d device in their name was found.", "%(count)d devices in their name were found.", count
    )
    mend = "" if count else _("Have the phone registered with Entra, or enrolled in Intune, in their name.")
    lines.append(Line(text % {"count": count}, ok=bool(count), mend=mend))
    return Answer(
        title=person.display_name or person.upn,
        subtitle=person.upn,
        headline=_("Their devices are listed here.")
        if count
        else _("No device is registered in their name."),
        tone="info" if count else "warning",
        icon="user",
        lines=lines,
    )


def _id(words: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(words)
    except ValueError:
        return None
