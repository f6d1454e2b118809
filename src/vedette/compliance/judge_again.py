"""Asking the assessor to judge a device anew from what is known of it: "check again", and after a threat was mended."""

from django.db.models import Case, QuerySet, Value, When
from django.utils.translation import gettext

from vedette.compliance.lifecycle import Refused
from vedette.devices.managed import CHANGED
from vedette.devices.models import Device
from vedette.events.log import Actor, Draft, Target, emit
from vedette.foundation import database


def ask(device: Device, actor: Actor) -> None:
    """Have a device judged with the intelligence and policy in force, within seconds. Raises Refused."""
    with database.writer(device.tenant_id):
        rows = Device.objects.filter(id=device.id)
        if not rows.exclude(activation_status=Device.Activation.DEACTIVATED).exists():
            raise Refused(gettext("This device is deactivated, so it is not judged."))
        mark(rows)
        target = Target("device", str(device.id), device.display_name)
        emit(Draft(action="device.check_requested", actor=actor, target=target))


def mark(rows: QuerySet[Device]) -> None:
    """Let verdicts rest on nothing, so that the assessor gives new ones; inside the tenant's writer."""
    # what has no facts of the app is judged by the mark of Intune's alone (compliance/inbox.py)
    rows.update(judged_with=Case(When(facts=None, then=Value(CHANGED)), default=Value("")))
