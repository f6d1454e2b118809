"""What stands between a phone's state and what Microsoft is told, for the pages: releases and held blocks."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import release, simulate
from vedette.compliance.models import Brake, NewBlock, Release
from vedette.devices.models import Device
from vedette.tenants import access
from vedette.tenants.models import Administrator
from vedette.web import times

FILTERS: Final[list[tuple[str, str | Promise]]] = [
    ("released", gettext_lazy("Let in for a time")),
    ("held", gettext_lazy("Held by the brake")),
]
NARROWED: Final[Mapping[str, Callable[[], Exists]]] = {
    "released": lambda: Exists(Release.objects.filter(device=OuterRef("pk"), ended_at=None)),
    "held": lambda: Exists(NewBlock.objects.filter(device=OuterRef("pk"), held=True, ended_at=None)),
}


def of_device(device: Device, administrator: Administrator) -> dict[str, Any]:
    """Return what the device's page shows: the release in force, a held block, and what may be done."""
    running = release.running(device.id)
    simulated = simulate.running(device.id)
    state = getattr(device, "state_row", None)
    may = access.may(administrator, "account", "modify")
    return {
        "release": running,
        "brake": _brake_of(device),
        "may_release": may and not running and bool(state and release.may_release(state.state)),
        "may_end_release": may and running is not None,
        "simulation": simulated,
        "may_simulate": may and not simulated and bool(state and simulate.may_simulate(device, state.state)),
        "may_end_simulation": may and simulated is not None,
    }


def _brake_of(device: Device) -> Brake | None:
    held = NewBlock.objects.filter(device=device, held=True, ended_at=None).first()
    return Brake.objects.filter(key=held.key).order_by("-pulled_at").first() if held else None


def of_devices(device_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return a line for each of these devices that is let in or held."""
    ids = list(device_ids)
    held = NewBlock.objects.filter(device__in=ids, held=True, ended_at=None)
    notes = {device_id: _("held by the brake") for device_id in held.values_list("device_id", flat=True)}
    for row in Release.objects.filter(device__in=ids, ended_at=None):
        notes[row.device_id] = _("let in until %(until)s") % {"until": times.exact(row.until)}
    return notes
