"""The card of the ways by group on the overview page."""

import uuid

from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors.groups.models import GroupRoute, RiskGroup
from vedette.connectors.groups.ways import DEVICE_GROUP, WAYS
from vedette.connectors.groups.words import SLUG_OF, WORDS
from vedette.connectors.models import Delivery
from vedette.connectors.overview import Card


def card(tenant_id: uuid.UUID) -> Card:
    """Which way is on, and how many are in its groups."""
    on = set(GroupRoute.objects.filter(tenant_id=tenant_id, enabled=True).values_list("route", flat=True))
    chosen = RiskGroup.objects.exists()
    return Card(
        title=_("Groups at risk"),
        text=_("Keeps phones, or their people, that are at risk in Entra groups that your rules act on."),
        icon="users-group",
        href=reverse("groups:way", args=[SLUG_OF[DEVICE_GROUP]]),
        action=_("Open") if chosen else _("Set up"),
        state="enabled" if on else "available" if chosen else "notSetUp",
        facts=[(WORDS[way].title, _members(way) if way in on else _("Off")) for way in WAYS],
    )


def _members(way: str) -> str:
    rows = Delivery.objects.filter(route=way).exclude(desired="")
    column = "owner_oid" if way != DEVICE_GROUP else "entra_object_id"
    return _("On: %(count)d in") % {"count": rows.values(column).distinct().count()}
