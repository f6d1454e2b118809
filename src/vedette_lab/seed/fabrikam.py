"""Fabrikam: a dozen people, 15 phones; nothing is set up here, so that somebody can walk all the steps."""

from datetime import datetime

from vedette_lab.model import Tenant
from vedette_lab.seed import phones
from vedette_lab.seed.build import builder
from vedette_lab.seed.roles import GLOBAL_ADMINISTRATOR

PEOPLE_WITH_PHONES = 8


def fabrikam(now: datetime, seed: int) -> Tenant:
    """Return the untouched tenant."""
    return small_organisation("Fabrikam", "fabrikam.example", now, seed)


def small_organisation(name: str, domain: str, now: datetime, seed: int) -> Tenant:
    """Return a small tenant. Its Global Administrator is in no console group."""
    make = builder(name, domain, now, seed)
    grace = make.person(
        ("Grace", "Nyström"), local="grace", roles=[GLOBAL_ADMINISTRATOR], job=("IT", "IT Manager")
    )
    full = make.person(("Hugo", "Delacroix"), local="hugo", job=("Security", "Security Engineer"))
    restricted = make.person(("Ines", "Castillo"), local="ines", job=("IT", "Support Specialist"))
    theo = make.person(("Theo", "Banerjee"), local="theo", job=("Finance", "Controller"))
    rescue = make.person(
        ("Break", "Glass"), local="breakglass", roles=[GLOBAL_ADMINISTRATOR], job=("IT", "Emergency access")
    )
    owners = [make.person() for _ in range(PEOPLE_WITH_PHONES)]
    for number, owner in enumerate(owners):
        make.phone(owner, kind=phones.find("Android", "Pixel 8a") if number == 0 else None)
    for owner in owners[:5]:
        make.phone(owner)
    make.phone(owners[5], kind=phones.OLD_KINDS[0])
    make.phone(owners[6], managed=False)
    make.laptop(full)
    night = make.group("Night Shift", [owner.id for owner in owners[6:]])
    phones_group = make.group(
        "Company Phones", [*(owner.id for owner in owners[:6]), night.id], description="Phones to protect"
    )
    admins = make.group("Mobile Security Admins", [full.id], description="Full access to the console")
    support = make.group("Mobile Security Support", [restricted.id], description="Restricted access")
    emergency = make.group(
        "Emergency Access", [rescue.id], description="Never target with conditional access"
    )
    make.guide(
        global_administrator=(grace, None),
        full=(full, admins),
        restricted=(restricted, support),
        none=(theo, None),
        break_glass=(rescue, emergency),
        enrollment=(None, phones_group),
    )
    return make.tenant
