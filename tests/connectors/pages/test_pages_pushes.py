"""What Microsoft was told: the list with filters and export, the device's own list, sending again."""

import csv
import io
from uuid import uuid4

from tests.connectors.pages.addresses import PUSHES
from tests.connectors.scene import Scene
from tests.support.console import Member, text


def test_every_push_is_listed_found_filtered_and_exported(ready: Scene, owner: Member) -> None:
    device = ready.device()
    page = text(owner.get(PUSHES))
    for words in (device.display_name, "Extension attribute", "mtd:pending", "Confirmed"):
        assert words in page
    assert "request-id" in page
    others = [other.display_name for other in ready.devices() if other.display_name != device.display_name]
    found = text(owner.get(PUSHES, q=device.display_name))
    assert device.display_name in found
    assert not any(f">{name}<" in found for name in others)
    assert "Nothing matches" in text(owner.get(PUSHES, outcome="failed"))
    assert "Nothing matches" in text(owner.get(PUSHES, route="partner"))
    rows = list(csv.DictReader(io.StringIO(owner.export(f"{PUSHES}export", route="attribute"))))
    assert len(rows) == len(ready.deliveries())
    mine = next(row for row in rows if row["device_id"] == str(device.pk))
    assert (mine["device"], mine["after"], mine["outcome"]) == (
        device.display_name,
        "mtd:pending",
        "confirmed",
    )
    assert mine["request_id"]


def test_the_device_shows_its_own_newest_first(ready: Scene, owner: Member) -> None:
    device = ready.device()
    ready.activate(device)
    ready.report_bad(device)
    ready.publish()
    page = text(owner.get(f"/devices/{device.pk}/"))
    told = page[page.index('id="pushes"') :]
    assert told.index("mtd:high") < told.index("nothing")
    assert "A report of the phone" in told
    assert "request-id" in told


def test_sending_again_asks_with_numbers(ready: Scene, owner: Member) -> None:
    device = ready.device()
    question = text(owner.get(f"{PUSHES}again"))
    assert "All phones" in question
    assert "Values by “Extension attribute”" in question
    one = f"{PUSHES}again/device/{device.pk}"
    assert device.display_name in text(owner.get(one))
    ready.set_attribute(device, None)
    assert "1 value is on its way again" in text(owner.follow(one))
    ready.publish()
    assert ready.attribute(device) == "mtd:pending"
    for unknown in (f"device/{uuid4()}", f"group/{device.pk}"):
        assert owner.get(f"{PUSHES}again/{unknown}").status_code == 404
