"""Contoso Outdoors: about 900 people with more than 1,000 phones, the tenant of the demo."""

from datetime import datetime

from vedette_lab.directory import Device, Group, User
from vedette_lab.model import Tenant
from vedette_lab.seed import phones
from vedette_lab.seed.build import Builder, builder
from vedette_lab.seed.roles import GLOBAL_ADMINISTRATOR

STORIES = {
    "malware": ("Android", "Pixel 8a"),
    "outdated": ("Android", "SM-A546B"),
    "silent": ("iOS", "iPhone 15"),
    "mended": ("Android", "SM-S921B"),
}
"""One certain phone for each story that the fleet plays."""

UNMANAGED = 0.07
NESTED = 0.05
SECOND_PHONE = 0.17
LAPTOP = 0.06


def contoso(now: datetime, seed: int, phone_count: int) -> Tenant:
    """Return the tenant with `phone_count` phones of people in "Mobile Users", and some that are not."""
    make = builder("Contoso Outdoors", "contoso-outdoors.example", now, seed)
    ada = make.person(
        ("Ada", "Lindqvist"), local="ada", roles=[GLOBAL_ADMINISTRATOR], job=("IT", "Head of Workplace IT")
    )
    mario = make.person(("Mario", "Okafor"), local="mario", job=("Security", "Security Analyst"))
    leila = make.person(("Leïla", "Haddad"), local="leila", job=("IT", "Help Desk Lead"))
    noah = make.person(("Noah", "Fischer"), local="noah", job=("Marketing", "Campaign Manager"))
    rescue = make.person(
        ("Break", "Glass"), local="breakglass", roles=[GLOBAL_ADMINISTRATOR], job=("IT", "Emergency access")
    )
    enrollment = _mobile_users(make, phone_count)
    leaders = make.group("IT Leadership", [ada.id])
    full = make.group(
        "Security Console Admins",
        [mario.id, leaders.id],
        description="Full access to the mobile security console",
    )
    restricted = make.group(
        "Security Console Helpdesk", [leila.id], description="Restricted access to the security console"
    )
    break_glass = make.group(
        "Break-glass Accounts", [rescue.id], description="Never target with conditional access"
    )
    lists = make.group("mobile users", [noah.id], description="Mailing list of the canteen's app")
    lists.mail_enabled, lists.security_enabled, lists.group_types = True, False, ["Unified"]
    everyone = make.group("All Employees", list(make.tenant.directory.users))
    everyone.group_types, everyone.membership_rule = ["DynamicMembership"], '(user.userType -eq "Member")'
    scanners = [
        make.phone(None, kind=phones.find("Android", "TC58")).id for _ in range(phone_count // 300 + 1)
    ]
    make.group("Kiosk Devices", scanners, description="Shared scanners in the stores, without a user")
    make.guide(
        global_administrator=(ada, None),
        full=(mario, full),
        restricted=(leila, restricted),
        none=(noah, None),
        break_glass=(rescue, break_glass),
        enrollment=(None, enrollment),
    )
    return make.tenant


def _mobile_users(make: Builder, phone_count: int) -> Group:
    direct: list[str] = []
    field_team: list[str] = []
    nordics: list[str] = []
    stories = list(STORIES)
    made = 0
    while made < phone_count:
        owner = make.person()
        if stories:
            _story_phone(make, owner, stories.pop(0))
            direct.append(owner.id)
        else:
            make.phone(owner, managed=make.rng.random() >= UNMANAGED)
            team = make.rng.choice((field_team, nordics)) if make.rng.random() < NESTED else direct
            team.append(owner.id)
            if made + 1 < phone_count and make.rng.random() < SECOND_PHONE:
                make.phone(owner)
                made += 1
        if make.rng.random() < LAPTOP:
            make.laptop(owner)
        made += 1
    _unsupported(make, [make.tenant.directory.users[key] for key in direct])
    inner = make.group("Field Engineers Nordics", nordics)
    outer = make.group("Field Engineers", [*field_team, inner.id])
    enrollment = make.group(
        "Mobile Users", [*direct, outer.id], description="Everybody with a company phone or tablet"
    )
    make.group("Mobile Users - Pilot", make.rng.sample(direct, min(20, len(direct))))
    outsiders = [make.person() for _ in range(phone_count // 100 + 2)]
    for person in outsiders:
        make.phone(person)
    make.group("Contractors", [person.id for person in outsiders])
    return enrollment


def _story_phone(make: Builder, owner: User, story: str) -> Device:
    device = make.phone(owner, kind=phones.find(*STORIES[story]), story=story)
    if device.operating_system == "AndroidForWork":
        device.operating_system = "Android"
    if story == "outdated":
        managed = make.tenant.managed_by_device[device.device_id]
        device.operating_system_version = managed.os_version = "13"
        managed.android_security_patch_level = "2024-03-01"
    return device


def _unsupported(make: Builder, owners: list[User]) -> None:
    """Add devices that a product must list as unsupported, each for a reason that can be seen in Graph."""
    rng = make.rng
    share = max(2, len(owners) // 60)
    for number in range(max(share, len(phones.OLD_KINDS))):
        make.phone(rng.choice(owners), kind=phones.OLD_KINDS[number % len(phones.OLD_KINDS)])
    for _ in range(share):
        make.phone(rng.choice(owners)).account_enabled = False
    for _ in range(share):
        forgotten = make.phone(rng.choice(owners), managed=False)
        forgotten.registered, forgotten.last_sign_in = make.ago(500, 900), make.ago(150, 400)
