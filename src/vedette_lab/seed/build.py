"""Helpers that make one person, group or phone of the seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from vedette_lab.directory import Device, Group, User
from vedette_lab.intune_model import ManagedDevice
from vedette_lab.model import Tenant
from vedette_lab.seed import phones
from vedette_lab.seed.names import Names, mailbox

INTUNE_APP: Final = "0000000a-0000-0000-c000-000000000000"
JOBS = (
    ("Sales", "Account Manager"),
    ("Sales", "Regional Sales Lead"),
    ("Retail", "Store Manager"),
    ("Retail", "Sales Assistant"),
    ("Logistics", "Driver"),
    ("Logistics", "Warehouse Coordinator"),
    ("Engineering", "Field Engineer"),
    ("Engineering", "Product Designer"),
    ("Finance", "Controller"),
    ("Human Resources", "HR Partner"),
    ("Marketing", "Campaign Manager"),
    ("IT", "Support Specialist"),
)
COMPANY_PHONES = 0.6
WORK_PROFILES = 0.12
OFFICES = ("Lyon", "Stockholm", "Munich", "Dublin", "Kraków", "Lagos", "Osaka", "Pune")


def builder(name: str, domain: str, now: datetime, seed: int) -> "Builder":
    """Begin a tenant; its id and everything in it follow from seed and domain."""
    rng = Random(f"{seed} {domain}")
    tenant_id = str(UUID(int=rng.getrandbits(128), version=4))
    now = now.replace(microsecond=0)
    return Builder(Tenant(tenant_id, name, domain, now - timedelta(days=2100)), rng, Names(rng), now)


@dataclass(slots=True)
class Builder:
    """Makes the objects of one tenant from one source of chance, so that a seed gives the same tenant."""

    tenant: Tenant
    rng: Random
    names: Names
    now: datetime

    def uuid(self) -> str:
        """Return the next object id."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def ago(self, days_min: float, days_max: float) -> datetime:
        """Return a moment between so many days ago, to the second."""
        moment = self.now - timedelta(days=self.rng.uniform(days_min, days_max))
        return moment.replace(microsecond=0)

    def person(
        self,
        name: tuple[str, str] | None = None,
        *,
        local: str | None = None,
        roles: Iterable[str] = (),
        job: tuple[str, str] | None = None,
    ) -> User:
        """Add a person with a drawn or given name."""
        if name is None:
            given, family, address = self.names.draw()
        else:
            given, family = name
            address = local or f"{mailbox(given)}.{mailbox(family)}"
            self.names.reserve(address)
        upn = f"{address}@{self.tenant.domain}"
        department, title = job or self.rng.choice(JOBS)
        user = User(
            id=self.uuid(),
            display_name=f"{given} {family}".strip(),
            given_name=given,
            surname=family,
            user_principal_name=upn,
            mail=upn,
            created=self.ago(60, 1500),
            job_title=title,
            department=department,
            office_location=self.rng.choice(OFFICES),
            roles=list(roles),
        )
        self.tenant.directory.add_user(user)
        return user

    def group(self, name: str, members: Iterable[str] = (), *, description: str | None = None) -> Group:
        """Add a security group."""
        group = Group(
            id=self.uuid(),
            display_name=name,
            created=self.ago(30, 1200),
            description=description,
            mail_nickname=mailbox(name).replace("-", "")[:40],
            members=dict.fromkeys(members),
        )
        self.tenant.directory.add_group(group)
        return group

    def guide(self, **kinds: tuple[User | None, Group | None]) -> None:
        """Note which account and group serves which purpose, for walks and tests."""
        for kind, (user, group) in kinds.items():
            if user:
                self.tenant.guide_accounts[kind] = user.user_principal_name
            if group:
                self.tenant.guide_groups[kind] = group.id

    def phone(
        self,
        owner: User | None,
        *,
        kind: phones.Kind | None = None,
        managed: bool = True,
        story: str | None = None,
    ) -> Device:
        """Add a phone to Entra and, when managed, to Intune."""
        kind = kind or phones.draw_kind(self.rng)
        version = self.rng.choice(kind.versions)
        registered = self.ago(5, 700)
        company = owner is None or self.rng.random() < COMPANY_PHONES
        device = Device(
            id=self.uuid(),
            device_id=self.uuid(),
            display_name=self._device_name(owner, kind, registered),
            operating_system=self._system_name(kind, managed=managed),
            operating_system_version=version,
            registered=registered,
            last_sign_in=self.ago(0.01, 4),
            manufacturer=kind.manufacturer,
            model=kind.model,
            owner_ids=[owner.id] if owner else [],
            user_ids=[owner.id] if owner else [],
            story=story,
        )
        self.tenant.directory.add_device(device)
        if managed:
            device.ownership = "company" if company else "personal"
            self.enroll(device, owner, kind)
        return device

    def enroll(self, device: Device, owner: User | None, kind: phones.Kind) -> None:
        """Put a registered phone under Intune's management."""
        device.is_managed, device.is_compliant, device.is_rooted = True, True, False
        device.management_type, device.mdm_app_id = "mdm", INTUNE_APP
        device.enrollment_type = "userEnrollment"
        self.tenant.add_managed(self._managed(device, owner, kind))

    def laptop(self, owner: User) -> Device:
        """Add a Windows laptop, which the product does not protect."""
        manufacturer, model = self.rng.choice(phones.LAPTOPS)
        device = Device(
            id=self.uuid(),
            device_id=self.uuid(),
            display_name=f"LT-{self.rng.randint(10000, 99999)}",
            operating_system="Windows",
            operating_system_version=self.rng.choice(
                ("10.0.26200.7171", "10.0.26100.7171", "10.0.22631.6199")
            ),
            registered=self.ago(20, 900),
            last_sign_in=self.ago(0.01, 10),
            manufacturer=manufacturer,
            model=model,
            trust_type="AzureAd",
            is_managed=True,
            is_compliant=True,
            management_type="mdm",
            mdm_app_id=INTUNE_APP,
            ownership="company",
            owner_ids=[owner.id],
            user_ids=[owner.id],
        )
        self.tenant.directory.add_device(device)
        return device

    def _managed(self, device: Device, owner: User | None, kind: phones.Kind) -> ManagedDevice:
        rng = self.rng
        android = kind.system == "Android"
        version = device.operating_system_version
        return ManagedDevice(
            id=self.uuid(),
            azure_ad_device_id=device.device_id,
            user_id=owner.id if owner else "",
            device_name=device.display_name,
            operating_system=kind.system,
            os_version=version,
            manufacturer=kind.manufacturer,
            model=kind.model,
            serial_number=phones.serial_number(rng, kind.manufacturer),
            enrolled=device.registered,
            last_sync=device.last_sign_in,
            android_security_patch_level=phones.draw_patch_level(rng, self.now.date(), version)
            if android
            else "",
            imei=phones.imei(rng),
            owner_type=device.ownership or "company",
            enrollment_type="userEnrollment" if owner else "appleBulkWithoutUser",
            is_supervised=not android and device.ownership == "company",
            compliance_state="compliant",
            apps=phones.draw_apps(device.id, device.ownership or "company"),
        )

    def _system_name(self, kind: phones.Kind, *, managed: bool) -> str:
        """Return the name Entra shows: work profiles and iPads are told apart."""
        if kind.system == "iOS":
            return "IPad" if kind.model.startswith("iPad") else "IPhone" if not managed else "iOS"
        return "AndroidForWork" if managed and self.rng.random() < WORK_PROFILES else "Android"

    def _device_name(self, owner: User | None, kind: phones.Kind, at: datetime) -> str:
        if owner is None:
            return f"KIOSK-{self.rng.randint(100, 999)}"
        if kind.system == "iOS":
            return f"{owner.given_name}'s {'iPad' if kind.model.startswith('iPad') else 'iPhone'}"
        local = owner.user_principal_name.split("@")[0]
        hour = at.hour % 12 or 12
        return f"{local}_Android_{at.month}/{at.day}/{at.year}_{hour}:{at.minute:02d} {at:%p}"
