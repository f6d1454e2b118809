"""What is done to devices: by the same functions as on the console's pages, so with the same checks and audit."""

from vedette.api.native import device_shapes, devices
from vedette.api.native.device_shapes import Because, DeviceDetail, ReleaseList, ReleaseWish
from vedette.api.native.route import Call, NoQuery, Reply
from vedette.compliance import judge_again, lifecycle, release
from vedette.compliance.models import Release


def deactivate(call: Call[NoQuery, Because]) -> DeviceDetail:
    """Take a device out; only reinstating brings it back."""
    lifecycle.deactivate(devices.find(call.ids["device_id"]), call.body.reason, call.who.actor)
    return devices.one(call)


def reinstate(call: Call[NoQuery, None]) -> DeviceDetail:
    """Set a deactivated device back to pending."""
    lifecycle.reinstate(devices.find(call.ids["device_id"]), call.who.actor)
    return devices.one(call)


def resync(call: Call[NoQuery, None]) -> DeviceDetail:
    """Ask for a whole report, and tell Microsoft the state again."""
    lifecycle.resync(devices.find(call.ids["device_id"]), call.who.actor)
    return devices.one(call)


def check(call: Call[NoQuery, None]) -> DeviceDetail:
    """Let the assessor judge the device anew."""
    judge_again.ask(devices.find(call.ids["device_id"]), call.who.actor)
    return devices.one(call)


def delete(call: Call[NoQuery, None]) -> Reply:
    """Delete a device with its history."""
    lifecycle.delete(devices.find(call.ids["device_id"]), call.who.actor)
    return Reply(b"")


def releases(call: Call[NoQuery, None]) -> ReleaseList:
    """List the phones that are let in now, the first to end first."""
    rows = Release.objects.filter(tenant_id=call.tenant_id, ended_at=None).order_by("until", "id")
    return ReleaseList([told for row in rows if (told := devices.release_of(row))])


def let_in(call: Call[NoQuery, ReleaseWish]) -> device_shapes.Release | None:
    """Let a phone in for some hours."""
    device = devices.find(call.ids["device_id"])
    return devices.release_of(release.release(device, call.body.hours, call.body.reason, call.who.actor))


def end_release(call: Call[NoQuery, None]) -> Reply:
    """End that before its time."""
    release.end(devices.find(call.ids["device_id"]), call.who.actor)
    return Reply(b"")
