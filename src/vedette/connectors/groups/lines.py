"""What is expected of the groups beside what Entra listed, for one device's page (E3)."""

from django.utils.translation import gettext as _

from vedette.connectors.expected import Line
from vedette.connectors.groups.look import MEMBER, SETTLING
from vedette.connectors.groups.models import GroupRoute, ListedMember, RiskGroup
from vedette.connectors.groups.ways import USER_GROUP
from vedette.connectors.models import Delivery
from vedette.devices.models import Device


def lines(device: Device) -> list[Line]:
    """One line for each group that the device, or its person, is in or should be in."""
    found = []
    for way in GroupRoute.objects.order_by("route"):
        member = device.owner_oid if way.route == USER_GROUP else device.entra_object_id
        if member is None:
            continue
        rows = Delivery.objects.filter(route=way.route, **{MEMBER[way.route]: member})
        told = list(rows.exclude(desired="").values_list("desired", "sent", "sent_at"))
        wanted = {desired for desired, _sent, _at in told}
        groups = {str(row.object_id): row for row in RiskGroup.objects.filter(route=way.route)}
        listed = {
            str(row.group_id)
            for row in ListedMember.objects.filter(member_id=member, group_id__in=list(groups))
        }
        arrived = [at for desired, sent, at in told if sent == desired and at]
        withdrawn = rows.filter(desired="", sent="").order_by("-sent_at").values_list("sent_at", flat=True)
        newest = max([*arrived, *(at for at in withdrawn[:1] if at)], default=None)
        fresh = way.looked_at is None or (newest is not None and way.looked_at < newest + SETTLING)
        found += [
            _line(groups[key], key in wanted, key in listed, fresh=fresh)
            for key in groups
            if key in wanted or key in listed
        ]
    return found


def _line(group: RiskGroup, wanted: bool, listed: bool, *, fresh: bool) -> Line:  # noqa: FBT001 - expected and found
    what = _("Group “%(name)s”") % {"name": group.display_name}
    words = {True: _("member"), False: _("no member")}
    if group.missing_since:
        return Line(what, words[wanted], _("no such group"), "differs", _("The group is gone from Entra."))
    if wanted == listed:
        return Line(what, words[wanted], words[listed], "same")
    if fresh:
        note = _("Looked at before it was told; the next look compares anew.")
        return Line(what, words[wanted], words[listed], "outdated", note)
    note = (
        _("Taken out by another hand. The next look puts it back.")
        if wanted
        else _("Put in by another hand. Vedette leaves it there: take it out in Entra.")
    )
    return Line(what, words[wanted], words[listed], "differs", note)
