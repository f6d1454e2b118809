"""By which authority and registration somebody signs in: their organisation's own, or the installation's.

A registration for a single tenant cannot use `organizations`: its people sign in at `/signin?tenant=…`, or name
their domain, of which Entra's published metadata tell the tenant.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from vedette.foundation import config, database, registration
from vedette.foundation.registration import Registration
from vedette.tenants import people, registrations
from vedette.tenants.models import AppRegistration, Tenant
from vedette.tenants.openid.provider import Provider, ProviderError, fetch_json, provider

ORGANISATIONS: Final = "organizations"
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
KEEP_SECONDS: Final = 600.0
NOBODY_SECONDS: Final = 60.0
"""Also how long a domain stays unknown after Entra could not be reached."""
MOST_DOMAINS: Final = 1000

_lock = threading.Lock()
_domains: Final[dict[tuple[str, str], tuple[float, str]]] = {}


@dataclass(frozen=True)
class Entrance:
    """One way in."""

    provider: Provider
    used: Registration


def of(authority: str) -> Entrance:
    """Return the way in for an authority: the ID of a tenant known here, or `organizations` for anything else."""
    tenant = _known(authority)
    if tenant is None:
        only = _only()
        if only is None:
            used = registration.installation(config.current())
            return Entrance(provider(ORGANISATIONS), used)
        tenant = only
    used = registrations.of(tenant)
    return Entrance(provider(str(tenant.entra_tenant_id), used.login_url), used)


def asks_for_organisation() -> bool:
    """Tell whether people have to say whose they are: some organisation here has its own registration."""
    with database.system():
        return AppRegistration.objects.filter(stage=AppRegistration.Stage.IN_FORCE).exists()


def find(organisation: str) -> Tenant | None:
    """Find an account by tenant ID, domain or e-mail address; None where there is none, or nobody knows the domain."""
    text = organisation.strip().lower().rpartition("@")[2]
    found = _known(text)
    if found or not _DOMAIN.fullmatch(text):
        return found
    for login_url in _logins():
        found = _known(_tenant_of_domain(login_url, text))
        if found:
            return found
    return None


def forget() -> None:
    """Ask about every domain anew."""
    with _lock:
        _domains.clear()


def _tenant_of_domain(login_url: str, domain: str) -> str:
    """Return the tenant ID by Entra's published metadata, empty where it names none; kept for a short while.

    Anybody may ask, so what is kept is bounded: what was asked longest ago is forgotten first.
    """
    key, now = (login_url, domain), time.monotonic()
    with _lock:
        kept = _domains.get(key)
    if kept and kept[0] > now:
        return kept[1]
    try:
        issuer = Provider(login_url, domain, fetch_json).metadata().issuer
    except ProviderError:
        said, keep = "", NOBODY_SECONDS
    else:
        said, keep = urlsplit(issuer).path.strip("/").partition("/")[0], KEEP_SECONDS
    with _lock:
        _domains.pop(key, None)
        _domains[key] = now + keep, said
        while len(_domains) > MOST_DOMAINS:
            _domains.pop(next(iter(_domains)))
    return said


def _known(text: str) -> Tenant | None:
    try:
        return people.find_tenant(UUID(text))
    except ValueError:
        return None


def _only() -> Tenant | None:
    """Return the one account there is, where the installation has no registration that could serve several."""
    if config.current().client_id:
        return None
    with database.system():
        rows = list(Tenant.objects.all()[:2])
    return rows[0] if len(rows) == 1 else None


def _logins() -> list[str]:
    with database.system():
        clouds = AppRegistration.objects.filter(stage=AppRegistration.Stage.IN_FORCE)
        named = clouds.exclude(cloud="").values_list("cloud", flat=True).distinct()
        found = [registrations.addresses(cloud).login_url for cloud in named]
    return list(dict.fromkeys([config.current().login_url, *found]))
