"""Which registration speaks for a tenant: its own where one is in force, else the installation's.

Every call of Graph asks, so the answer is kept for a few seconds. Of another process's change a process hears
that late: the credential that was replaced is still good at Entra then.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from vedette.foundation import config, database, registration, secrets
from vedette.foundation.registration import CERTIFICATE, CLOUDS, FEDERATED, SECRET, Cloud, Registration
from vedette.tenants.models import AppRegistration, Tenant

if TYPE_CHECKING:
    from uuid import UUID

KEEP_SECONDS: Final = 10.0

_lock = threading.Lock()
_kept: Final[dict[str, tuple[float, Registration | None]]] = {}


def of(tenant: Tenant) -> Registration:
    """Return the registration in force for this account."""
    return registration.of(config.current(), str(tenant.entra_tenant_id))


def own(entra_tenant_id: str) -> Registration | None:
    """Return the tenant's own registration in force, None where it has none; kept for some seconds."""
    now = time.monotonic()
    with _lock:
        kept = _kept.get(entra_tenant_id)
    if kept and kept[0] > now:
        return kept[1]
    found = _read(entra_tenant_id)
    with _lock:
        _kept[entra_tenant_id] = now + KEEP_SECONDS, found
    return found


def forget() -> None:
    """Read again at the next question: something changed in this process."""
    with _lock:
        _kept.clear()


def read(row: AppRegistration) -> Registration:
    """Return a row as what tokens are asked with; what does not open is told at the first token."""
    cloud = addresses(row.cloud)
    key = secret = fault = ""
    try:
        key = secrets.open_sealed(row.sealed_key, context=context(row.id, "key")) if row.sealed_key else ""
        secret = (
            secrets.open_sealed(row.sealed_secret, context=context(row.id, "secret"))
            if row.sealed_secret
            else ""
        )
    except secrets.SealError as error:
        fault = str(error)
    return Registration(
        client_id=str(row.client_id or ""),
        login_url=cloud.login_url,
        graph_url=cloud.graph_url,
        kind=row.kind,
        certificate=row.certificate if row.kind == CERTIFICATE else "",
        key=key if row.kind == CERTIFICATE else "",
        secret=secret if row.kind == SECRET else "",
        secret_expires=row.secret_expires if row.kind == SECRET else None,
        token_file=registration.token_file(config.current()) if row.kind == FEDERATED else None,
        fault=fault,
        own=True,
    )


def context(row_id: UUID, what: str) -> str:
    """Return what a sealed value is bound to."""
    return f"app-registration:{row_id}:{what}"


def addresses(cloud: str) -> Cloud:
    """Return the addresses of a cloud; of this installation's settings where none is named."""
    settings = config.current()
    here = Cloud(settings.login_url, settings.graph_url, "")
    if cloud:
        return CLOUDS[cloud]
    known = (each for each in CLOUDS.values() if each.login_url == here.login_url)
    return next((each for each in known if each.graph_url == here.graph_url), here)


def _read(entra_tenant_id: str) -> Registration | None:
    rows = AppRegistration.objects.filter(
        stage=AppRegistration.Stage.IN_FORCE,
        tenant_id__in=Tenant.objects.filter(entra_tenant_id=entra_tenant_id).values("id"),
    )
    try:
        database.current_tenant()
    except database.NoDoorError:
        with database.system():
            row = rows.first()
    else:
        row = rows.first()
    return read(row) if row else None
