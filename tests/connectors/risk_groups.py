"""Groups of phones and people at risk against the lab: what an Intune and an Entra administrator do by hand."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.connectors import entra_groups
from vedette.connectors.groups import look, recipes, settings_change
from vedette.connectors.groups.models import RiskGroup
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.foundation.graph import Graph

SECRET = "a secret of an administrator"


@dataclass
class AtRisk:
    """One group in the lab that a way keeps, and shorthands for both sides."""

    scene: Scene
    route: str
    group: UUID = field(init=False)
    admin: str = ""

    def __post_init__(self) -> None:
        self.group = self.make_group("MTD at risk")
        self.keep(self.group, ["high", "disconnected"])

    # --- at Microsoft

    def make_group(self, name: str, **more: Any) -> UUID:
        made = self.scene.lab.post(
            f"{self.scene.path}/groups", {"display_name": f"{name} {uuid4().hex[:6]}", **more}
        )
        return UUID(made["id"])

    def in_entra(self, group: UUID | None = None) -> set[str]:
        key = str(group or self.group)
        (found,) = [each for each in self.scene.lab.get(self.scene.path)["groups"] if each["id"] == key]
        return set(found["members"])

    def put_in_by_hand(self, *members: Any) -> None:
        self.scene.lab.post(
            f"{self.scene.path}/groups/{self.group}/members", {"ids": [str(m) for m in members]}
        )

    def take_out_by_hand(self, member: Any) -> None:
        self.scene.lab.delete(f"{self.scene.path}/groups/{self.group}/members/{member}")

    def as_admin(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call Graph as the Intune or Conditional Access Administrator does from Graph Explorer."""
        if not self.admin:
            wanted = [
                "DeviceManagementConfiguration.ReadWrite.All",
                *("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "Application.Read.All"),
            ]
            made = self.scene.lab.post(
                "/apps", {"display_name": "Graph Explorer", "secret": SECRET, "permissions": wanted}
            )
            self.scene.lab.post(f"{self.scene.path}/consents", {"client_id": made["client_id"]})
            form = {
                "client_id": made["client_id"],
                "client_secret": SECRET,
                "grant_type": "client_credentials",
                "scope": "https://graph.microsoft.com/.default",
            }
            answer = self.scene.lab.client.post(f"/{self.scene.organisation.id}/oauth2/v2.0/token", data=form)
            self.admin = answer.json()["access_token"]
        headers = {"Authorization": f"Bearer {self.admin}"}
        answer = self.scene.lab.client.request(method, f"/v1.0{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    def make_policies(self) -> None:
        """Paste what the page hands out: policies that cannot be met, assigned to the group."""
        for kind in ("androidWorkProfileCompliancePolicy", "iosCompliancePolicy"):
            path = "/deviceManagement/deviceCompliancePolicies"
            made = self.as_admin("POST", path, json.loads(recipes.cannot_be_met(kind)))
            self.as_admin(
                "POST", f"{path}/{made['id']}/assign", json.loads(recipes.assignment([str(self.group)]))
            )

    def make_rule(self, **changes: Any) -> None:
        """Paste the conditional-access rule over the group, switched on."""
        body = json.loads(recipes.block_people([str(self.group)], [], self.scene.microsoft.client_id))
        body["conditions"]["users"]["excludeGroups"] = []
        self.as_admin("POST", "/identity/conditionalAccess/policies", body | {"state": "enabled"} | changes)

    def lets_in(self, device: Device, **how: Any) -> bool:
        body = {
            "tenant": str(self.scene.organisation.id),
            "user_id": str(device.owner_oid),
            "device_id": str(device.entra_object_id),
            **how,
        }
        return bool(self.scene.lab.post("/decision", body)["allowed"])

    # --- ours

    def keep(self, group: UUID, levels: list[str]) -> None:
        graph = Graph(self.scene.organisation.id)
        found = entra_groups.read_group(graph, group)
        settings_change.add_group(self.scene.tenant_id, self.route, found, levels, ADA)

    def row(self, group: UUID | None = None) -> RiskGroup:
        with database.tenant(self.scene.tenant_id):
            return RiskGroup.objects.get(object_id=group or self.group)

    def switch(self, *, on: bool) -> None:
        settings_change.switch(self.scene.tenant_id, self.route, ADA, on=on)

    def publish(self) -> None:
        self.scene.publish(self.route)

    def look(self) -> bool:
        return look.look(self.scene.tenant_id, self.route)

    def member(self, device: Device) -> str:
        return str(device.owner_oid if self.route == USER_GROUP else device.entra_object_id)


def ready(scene: Scene, route: str = DEVICE_GROUP) -> AtRisk:
    """One group that is kept and switched on, in a scene at the stage `grouped`."""
    made = AtRisk(scene, route)
    made.switch(on=True)
    return made


def member_calls(scene: Scene, since: int) -> list[dict[str, Any]]:
    """The writes of members that Graph has seen since, also those inside a batch."""
    paths = ("/v1.0/$batch", "/v1.0/groups")
    return [
        entry
        for entry in scene.lab.get("/requests", since=since)
        if entry["method"] in {"POST", "DELETE", "PATCH"}
        and entry["path"].startswith(paths)
        and entry["tenant"] == str(scene.organisation.id)
    ]


def refused(answer: httpx.Response) -> str:
    """The code of a refusal."""
    return str(answer.json()["error"]["code"])


def phones_of_one(scene: Scene) -> tuple[Device, Device]:
    """Two Android phones of one person, activated and secured."""
    by_owner: dict[Any, list[Device]] = {}
    for device in scene.devices():
        by_owner.setdefault(device.owner_oid, []).append(device)
    first, second = next(found for found in by_owner.values() if len(found) > 1)[:2]
    for device in (first, second):
        scene.activate(device)
    scene.report_good(first, second)
    return first, second
