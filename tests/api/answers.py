"""What the device API answered and stored, for its tests."""

from typing import Any

import httpx
from tests.support.world import World

from vedette.devices.models import Report
from vedette.foundation import database


def reports(world: World) -> list[Report]:
    with database.tenant(world.tenant_id):
        return list(Report.objects.order_by("received_at", "id"))


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["error"] == code
    assert body["message"]
    assert body["next_step"]
    return body
