"""Scans that count for devices, as several pages show them."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.devices.models import Device, DeviceScan
from vedette.foundation import clock
from vedette.threats.models import Threat
from vedette.verdict.findings import ACQUISITION

HEAVY: Final = ("result", "sealed_password")
"""Columns of a scan that lists do without."""


def live(device: Device) -> list[DeviceScan]:
    """Scans that count for a device now, the newest first."""
    rows = DeviceScan.objects.filter(device=device, expires_at__gt=clock.now())
    return list(rows.select_related("scan").defer("scan__result").order_by("-collected_at"))


def resting(link: DeviceScan) -> int:
    """How many open threats of the device rest on scans."""
    rows = Threat.objects.filter(device=link.device_id, origin=ACQUISITION, status=Threat.Status.OPEN)
    return rows.count()


def ends_words(count: int) -> str:
    """Say what becomes of the threats that rest on scans."""
    if not count:
        return _("No open threat rests on scans.")
    return ngettext(
        "%(n)d open threat of the device rests on scans. It ends unless another scan shows it; a blocked phone may be"
        " let in again.",
        "%(n)d open threats of the device rest on scans. They end unless another scan shows them; a blocked phone may"
        " be let in again.",
        count,
    ) % {"n": count}
