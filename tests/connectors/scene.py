"""One organisation as the connectors meet it: its side at Microsoft, and ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.support.lab import Lab
from tests.support.microsoft import Microsoft, Organisation
from tests.support.world import ADA, BAD_PACKAGE, World, facts, keep_inventories, load_intelligence

from vedette.compliance import mode
from vedette.compliance.assess import assess
from vedette.compliance.change_policy import ensure_defaults
from vedette.connectors import publisher
from vedette.connectors.entra_groups import Group
from vedette.connectors.intune import directory_poll, heartbeat, settings_change
from vedette.connectors.intune.directory_poll import Polled
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.probe import Beat
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.mail import jobs as mail_jobs
from vedette.connectors.mail.models import Notification
from vedette.connectors.models import ConnectorError, Delivery
from vedette.devices.models import Device
from vedette.directory import delta_links
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.tenants import accounts
from vedette.tenants.models import Tenant

CONTACT = "contact@example.test"
SETTINGS = {"heartbeat_minutes": 10, "android_enabled": True, "ios_enabled": True}


@dataclass
class Scene:
    """An account, its Entra tenant in the lab, and shorthands for both."""

    microsoft: Microsoft
    organisation: Organisation
    tenant_id: UUID
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.tenant_id)

    @property
    def lab(self) -> Lab:
        return self.microsoft.lab

    # --- at Microsoft

    @property
    def path(self) -> str:
        return f"/tenants/{self.organisation.id}"

    def group(self, name: str) -> dict[str, Any]:
        (found,) = [g for g in self.lab.get(self.path)["groups"] if g["display_name"] == name]
        return dict(found)

    def person(self, upn: str) -> dict[str, Any]:
        (found,) = [user for user in self.lab.get(self.path)["accounts"] if user["upn"] == upn]
        return dict(found)

    def phones(self) -> list[dict[str, Any]]:
        return [d for d in self.lab.get(f"{self.path}/devices") if d["platform"] in {"ANDROID", "IOS"}]

    def phone(self, device: Device) -> dict[str, Any]:
        return dict(self.lab.get(f"{self.path}/devices/{device.entra_object_id}"))

    def attribute(self, device: Device, number: int = 1) -> str | None:
        value: str | None = self.phone(device)["extension_attributes"].get(f"extensionAttribute{number}")
        return value

    def set_attribute(self, device: Device, value: str | None, number: int = 1) -> None:
        body = {"extension_attributes": {f"extensionAttribute{number}": value}}
        self.lab.patch(f"{self.path}/devices/{device.entra_object_id}", body)

    def fault(self, match: str, **fault: Any) -> None:
        self.lab.post("/faults", {"match": match, **fault})

    def mend(self) -> None:
        self.lab.delete("/faults")

    def mark(self) -> int:
        """The number of the last request, to look from."""
        numbers = [entry["number"] for entry in self.lab.get("/requests")]
        return max(numbers, default=0)

    def requests(self, method: str, prefix: str = "", *, since: int = 0) -> list[dict[str, Any]]:
        return [
            entry
            for entry in self.lab.get("/requests", since=since)
            if entry["method"] == method
            and entry["path"].startswith(f"/v1.0{prefix}")
            and entry["tenant"] == str(self.organisation.id)
        ]

    def mails(self, to: str = CONTACT) -> list[dict[str, Any]]:
        return list(self.lab.get("/mail", to=to))

    # --- ours

    def set_up(self, **changes: Any) -> None:
        settings_change.save(self.tenant_id, SETTINGS | changes, ADA)

    def save(self, **changes: Any) -> None:
        settings_change.save(self.tenant_id, changes, ADA)

    def add_group(self, name: str, *, nested: bool = True) -> UUID:
        found = self.group(name)
        group = Group(UUID(found["id"]), found["display_name"], "", security_enabled=True, dynamic=False)
        settings_change.add_group(self.tenant_id, group, include_nested=nested, actor=ADA)
        return group.id

    def poll(self) -> Polled:
        return directory_poll.poll(self.tenant_id)

    def forget_changes(self) -> None:
        """Have the next poll read everything."""
        with database.writer(self.tenant_id):
            delta_links.forget()

    def beat(self) -> Beat:
        return heartbeat.beat(self.tenant_id)

    def arm(self) -> None:
        mode.arm(self.tenant_id, ADA)

    def publish(self, route: str = "attribute") -> None:
        publisher.publish_due(route, self.tenant_id)

    def send_mail(self) -> None:
        mail_jobs.send_mail.func(str(self.tenant_id))

    def connector(self) -> IntuneConnector:
        with database.tenant(self.tenant_id):
            return connector_of(self.tenant_id)

    def devices(self, **only: Any) -> list[Device]:
        with database.tenant(self.tenant_id):
            rows = Device.objects.filter(**only).select_related("state_row")
            return list(rows.order_by("display_name", "id"))

    def device(self, platform: str = "ANDROID") -> Device:
        return next(device for device in self.devices(platform=platform))

    def deliveries(self, route: str = "attribute", **only: Any) -> list[Delivery]:
        with database.tenant(self.tenant_id):
            return list(Delivery.objects.filter(route=route, **only).order_by("id"))

    def delivery(self, device: Device, route: str = "attribute") -> Delivery:
        (found,) = self.deliveries(route, device_id=device.id)
        return found

    def errors(self, **only: Any) -> list[ConnectorError]:
        with database.tenant(self.tenant_id):
            return list(ConnectorError.objects.filter(**only).order_by("first_seen_at", "code"))

    def notifications(self, **only: Any) -> list[Notification]:
        with database.tenant(self.tenant_id):
            return list(Notification.objects.filter(**only).order_by("created_at", "id"))

    def actions(self) -> list[str]:
        with database.tenant(self.tenant_id):
            return list(Event.objects.order_by("position").values_list("action", flat=True))

    # --- phones that report

    def activate(self, device: Device) -> None:
        self.world.activate(device)

    def report_bad(self, *devices: Device) -> None:
        self._report(devices, [BAD_PACKAGE])

    def report_good(self, *devices: Device) -> None:
        self._report(devices, [])

    def _report(self, devices: Sequence[Device], packages: Sequence[str]) -> None:
        load_intelligence()
        for device in devices:
            about = {
                "platform": device.platform,
                "os_version": "18.7.2" if device.platform == "IOS" else "15",
            }
            self.world.report(device, facts(*packages, device=about))
        assess(self.tenant_id)

    def activated(self) -> Device:
        """An Android phone that is activated and secured."""
        device = self.device()
        self.activate(device)
        self.report_good(device)
        return device


def make_scene(microsoft: Microsoft, name: str) -> Scene:
    """A consented organisation; consent is given without the pages, which tests/tenants walks."""
    organisation = microsoft.organisation(name)
    microsoft.lab.post(f"/tenants/{organisation.id}/consents", {"client_id": microsoft.client_id})
    tenant = accounts.create(
        accounts.Draft(
            name=name,
            entra_tenant_id=organisation.id,
            full_group_id=organisation.groups["full"],
            restricted_group_id=organisation.groups["restricted"],
            primary_contact=CONTACT,
        )
    )
    with database.writer(tenant.id):
        Tenant.objects.filter(id=tenant.id).update(status=Tenant.Status.CONSENTED, consented_at=clock.now())
    ensure_defaults(tenant.id)
    keep_inventories(tenant.id)
    return Scene(microsoft, organisation, tenant.id)


def values(scene: Scene, number: int = 1) -> list[str | None]:
    """What the extension attribute of each device holds at Microsoft now."""
    held = {phone["id"]: phone["extension_attributes"] for phone in scene.phones()}
    name = f"extensionAttribute{number}"
    return [held[str(device.entra_object_id)].get(name) for device in scene.devices()]


def writes(scene: Scene, since: int = 0) -> list[dict[str, Any]]:
    """The PATCH requests for devices that Graph has seen since."""
    return scene.requests("PATCH", "/devices", since=since)
