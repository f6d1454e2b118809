"""A tenant with people, directory and phones, made with the product's own writing code."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from joserfc.jwk import ECKey

from vedette.compliance import lifecycle
from vedette.compliance.change_policy import ensure_defaults
from vedette.devices.models import Device, DeviceKey, PrivacyPolicy, Report
from vedette.directory import read, write
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.events.log import Actor
from vedette.feeds import store
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant
from vedette_facts import jose
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, Posture, digest

ADA = Actor("ADMIN", "ada", "Ada Admin")
BAD_PACKAGE = "org.vedette.test.bad"
FEED = f"""{{"type": "bundle", "id": "bundle--98403dff-bcb4-526b-bb76-66b99b7566e0", "objects": [
 {{"type": "indicator", "spec_version": "2.1", "id": "indicator--3ac23f15-4486-58c4-a644-af745fa6efb0",
  "created": "2026-01-15T09:00:00.000Z", "modified": "2026-01-15T09:00:00.000Z", "name": "Fake",
  "indicator_types": ["malicious-activity"], "pattern": "[app:id='{BAD_PACKAGE}']", "pattern_type": "stix",
  "valid_from": "2026-01-15T09:00:00.000Z"}},
 {{"type": "malware", "spec_version": "2.1", "id": "malware--ff7a436c-0513-5bac-93ce-124f0828bf00",
  "created": "2026-01-15T09:00:00.000Z", "modified": "2026-01-15T09:00:00.000Z", "name": "DemoBanker",
  "malware_types": ["trojan"], "is_family": true}},
 {{"type": "relationship", "spec_version": "2.1", "id": "relationship--3ac23f15-4486-58c4-a644-af745fa6efb0",
  "created": "2026-01-15T09:00:00.000Z", "modified": "2026-01-15T09:00:00.000Z",
  "relationship_type": "indicates", "source_ref": "indicator--3ac23f15-4486-58c4-a644-af745fa6efb0",
  "target_ref": "malware--ff7a436c-0513-5bac-93ce-124f0828bf00"}}]}}"""


def load_intelligence(text: str = FEED) -> None:
    """Put a small made-up feed in force; without any, no phone is ever called secured."""
    store.import_document("test", text.encode(), untyped="TROJAN")


def app(package: str = "com.example.mail", **more: Any) -> App:
    given: dict[str, Any] = {
        "package": package,
        "name": package.rsplit(".", maxsplit=1)[-1],
        "installer": "com.android.vending",
        "sha256": uuid.uuid5(uuid.NAMESPACE_DNS, package).hex * 2,
        "certificates": [uuid.uuid5(uuid.NAMESPACE_URL, package).hex * 2],
    }
    return App(**(given | more))


def facts(
    *packages: str,
    posture: dict[str, Any] | None = None,
    device: dict[str, Any] | None = None,
    apps: Sequence[App] | None = (),
    complete: bool = True,
) -> Facts:
    """A healthy, fully reported Android phone, but for what is given."""
    healthy: dict[str, Any] = {
        "root": False, "debug_build": False, "encrypted": True,
        "screen_lock": True, "developer_options": False, "adb": False,
    }  # fmt: skip
    about: dict[str, Any] = {
        "platform": "ANDROID", "manufacturer": "Google", "model": "Pixel 8", "os_version": "15", "sdk": 35,
        "security_patch": (clock.now().date() - dt.timedelta(days=20)).isoformat(),
        "build_type": "user", "build_tags": "release-keys",
    }  # fmt: skip
    listed = None if apps is None else [app(), *map(app, packages), *apps]
    return Facts(
        device=DeviceFacts(**(about | (device or {}))),
        posture=Posture(**(healthy | (posture or {}))),
        apps=listed,
        apps_complete=complete and listed is not None,
        agent=AgentFacts(version="1.0.0"),
    )


@dataclass
class World:
    """One tenant; the people and phones of its directory as the next poll will see them."""

    tenant_id: uuid.UUID
    people: dict[uuid.UUID, UserRecord] = field(default_factory=dict)
    phones: dict[uuid.UUID, DeviceRecord] = field(default_factory=dict)
    sequence: int = 0

    def __deepcopy__(self, _memo: Any) -> "World":
        """A world of its own; the records themselves never change."""
        return replace(self, people=dict(self.people), phones=dict(self.phones))

    def person(self, name: str = "bo") -> uuid.UUID:
        oid = uuid.uuid4()
        self.people[oid] = UserRecord(
            oid=oid, upn=f"{name}@example.test", display_name=name.title(), mail=f"{name}@example.test"
        )
        return oid

    def phone(self, owner: uuid.UUID | None = None, **more: Any) -> uuid.UUID:
        """Register a phone in the directory; return its Graph object ID."""
        object_id = uuid.uuid4()
        given: dict[str, Any] = {
            "display_name": f"Phone {len(self.phones) + 1}",
            "operating_system": "Android",
            "os_version": "15",
            "manufacturer": "Google",
            "model": "Pixel 8",
            "registered_at": clock.now() - dt.timedelta(days=10),
        }
        self.phones[object_id] = DeviceRecord(
            object_id=object_id,
            entra_device_id=uuid.uuid4(),
            owner_oid=owner or self.person(f"p{len(self.people)}"),
            **(given | more),
        )
        return object_id

    def poll(self, *, delete: bool = False) -> None:
        """What a complete pass of the directory does, without the network."""
        with database.writer(self.tenant_id):
            reading = write.start_pass()
            write.store_users(reading, self.people.values())
            write.store_devices(reading, self.phones.values())
            write.finish_pass(reading)
            lifecycle.appear(self.tenant_id, list(read.supported()))
            gone = lifecycle.out_of_scope()
            lifecycle.leave(self.tenant_id, gone, lifecycle.LEFT_GROUPS, delete=delete)

    def devices(self) -> list[Device]:
        with database.tenant(self.tenant_id):
            return list(Device.objects.select_related("state_row").order_by("created_at", "id"))

    def device(self, object_id: uuid.UUID) -> Device:
        with database.tenant(self.tenant_id):
            return Device.objects.select_related("state_row").get(entra_object_id=object_id)

    def fresh(self, device: Device) -> Device:
        with database.tenant(self.tenant_id):
            return Device.objects.select_related("state_row").get(id=device.id)

    def state(self, device: Device) -> str:
        state: str = self.fresh(device).state_row.state
        return state

    def activated(self, count: int = 1) -> list[Device]:
        """Phones that are polled, activated and have a key, without data yet."""
        before = {device.id for device in self.devices()}
        for _ in range(count):
            self.phone()
        self.poll()
        new = [device for device in self.devices() if device.id not in before]
        for device in new:
            self.activate(device)
        return [self.fresh(device) for device in new]

    def activate(self, device: Device) -> ECKey:
        from vedette.compliance import activation  # noqa: PLC0415 needs Django
        from vedette.devices import invitations  # noqa: PLC0415 needs Django

        key = jose.new_key()
        issued = invitations.invite_device(device, ADA)
        claim = {"agent_version": "1.0.0", "model": device.model, "platform": device.platform}
        with database.writer(self.tenant_id):
            activation.activate(
                Device.objects.get(id=device.id),
                jose.public_jwk(key),
                claim,
                Device.Binding.CODE,
                invitation=issued.invitation,
            )
        return key

    def report(
        self, device: Device, given: Facts | dict[str, Any] | None, *, ago: float = 0, **more: Any
    ) -> Report:
        """Put a report into the inbox, as the device API would."""
        self.sequence += 1
        now = clock.now()
        with database.tenant(self.tenant_id):
            key = DeviceKey.objects.filter(device=device).order_by("-created_at")[0]
            observed = now - dt.timedelta(seconds=ago)
            plain = msgspec.to_builtins(given) if given is not None else None
            row = Report.objects.create(
                **{
                    "tenant_id": self.tenant_id,
                    "device_id": device.id,
                    "key_id": key.key_id,
                    "sequence": self.sequence,
                    "body_hash": b"x",
                    "received_at": now,
                    "observed_at": observed,
                    "device_observed_at": observed,
                    "digest": digest(plain) if plain is not None else key.last_digest,
                    "facts": plain,
                }
                | more
            )
            DeviceKey.objects.filter(id=key.id).update(last_digest=row.digest, last_sequence=self.sequence)
        return row


def make_world(name: str = "Test") -> World:
    """A tenant with the default policy."""
    tenant_id = uuid.uuid4()
    with database.system():
        Tenant.objects.create(
            id=tenant_id,
            entra_tenant_id=uuid.uuid4(),
            name=name,
            primary_contact="contact@example.test",
            full_group_id=uuid.uuid4(),
            created_at=clock.now(),
        )
    ensure_defaults(tenant_id)
    keep_inventories(tenant_id)
    return World(tenant_id)


def keep_inventories(tenant_id: uuid.UUID) -> None:
    """Let applications be kept whosever the phone is: what becomes of others is tested in test_privacy."""
    with database.writer(tenant_id):
        PrivacyPolicy.objects.create(tenant_id=tenant_id, personal="kept", unknown="kept")


def begin(name: str = "Test") -> World:
    """A tenant that has intelligence and nothing else: what most scenes begin with."""
    load_intelligence()
    return make_world(name)
