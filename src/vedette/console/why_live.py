"""Answers to "why?" from what Entra said just now, for people and devices that are not known here."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from vedette.connectors.intune.whereabouts import Found, Person, Thing
from vedette.connectors.intune.words import MEND, UNSUPPORTED
from vedette.console.why_answers import Answer, Line
from vedette.devices.models import Device
from vedette.directory.write import DeviceRecord


def answers(found: Found, *, has_groups: bool) -> list[Answer]:
    """Answer for each; inside the tenant's door."""
    return [
        *(_person(person, has_groups=has_groups) for person in found.people),
        *(_device(thing, has_groups=has_groups) for thing in found.devices),
    ]


def _person(person: Person, *, has_groups: bool) -> Answer:
    user = person.user
    lines = list(_membership(member=person.member, nested_only=person.nested_only, has_groups=has_groups))
    if not user.enabled:
        lines.append(
            Line(_("Sign-in is blocked in Entra."), ok=False, mend=_("Enable the account if it is in use."))
        )
    if not person.phones:
        mend = _("Have the phone registered with Entra, or enrolled in Intune, in their name.")
        lines.append(Line(_("No device is registered in their name."), ok=False, mend=mend))
    lines += [_phone(phone) for phone in person.phones]
    ready = person.member and any(not phone.unsupported_reason for phone in person.phones)
    return Answer(
        title=user.display_name or user.upn,
        subtitle=user.upn,
        headline=_headline(member=person.member, ready=ready),
        tone="info" if ready else "warning",
        icon="user",
        lines=lines,
        live=True,
    )


def _device(thing: Thing, *, has_groups: bool) -> Answer:
    record, owner = thing.record, thing.owner
    member = thing.member or thing.owner_member
    if thing.member:
        lines = [Line(_("The device itself is in an enrollment group."), ok=True)]
    elif owner is None:
        text = _("Nobody is its owner in Entra or Intune, and the device itself is in no enrollment group.")
        mend = _("Shared and kiosk devices: put the device itself into an enrollment group.")
        lines = [Line(text, ok=False, mend=mend)]
    else:
        lines = [Line(_("Its owner is %(name)s.") % {"name": owner.display_name or owner.upn})]
        lines += _membership(member=member, nested_only=False, has_groups=has_groups)
    lines.append(_phone(record))
    ready = member and not record.unsupported_reason
    return Answer(
        title=record.display_name or record.model or _("Unnamed device"),
        subtitle=" ".join(filter(None, (record.operating_system, record.os_version))),
        headline=_headline(member=member, ready=ready),
        tone="info" if ready else "warning",
        icon="device-mobile",
        lines=lines,
        live=True,
    )


def _headline(*, member: bool, ready: bool) -> str:
    if not member:
        return _("Not in scope: in no enrollment group.")
    if ready:
        return _("In scope now: the next poll brings it here.")
    return _("In an enrollment group, but no phone of theirs can be protected as it is.")


def _membership(*, member: bool, nested_only: bool, has_groups: bool) -> Iterator[Line]:
    if not has_groups:
        mend = _("Choose one under Connectors > Intune > Enrollment management.")
        yield Line(_("No enrollment group is set up yet."), ok=False, mend=mend)
    elif member:
        yield Line(_("In an enrollment group, asked of Entra just now."), ok=True)
    elif nested_only:
        text = _("Only in a group inside an enrollment group, and nested groups do not count for that one.")
        yield Line(text, ok=False, mend=_("Let nested groups count, or add the person to the group itself."))
    else:
        mend = _("Add the person, or the device itself, to an enrollment group in Entra.")
        yield Line(_("In no enrollment group, asked of Entra just now."), ok=False, mend=mend)


def _phone(record: DeviceRecord) -> Line:
    """Say whether a device can be protected, and why not."""
    name = record.display_name or record.model or _("Unnamed device")
    if record.unsupported_reason:
        reason = str(UNSUPPORTED.get(record.unsupported_reason, record.unsupported_reason))
        return Line(f"{name}: {reason}", ok=False, mend=MEND.get(record.unsupported_reason, ""))
    known = Device.objects.filter(entra_object_id=record.object_id).exists()
    text = _("%(name)s: listed under Devices") if known else _("%(name)s: can be protected")
    return Line(text % {"name": name}, ok=True)
