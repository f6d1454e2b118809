"""The application's credential at Entra: until when it holds, warned 30, 7 and 1 days before, once each."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import errors
from vedette.connectors.errors import Advice, Problem
from vedette.connectors.intune import readings
from vedette.connectors.intune.readings import Kind
from vedette.foundation import config, credential, registration
from vedette.foundation.credential import EXPIRED, SECRET
from vedette.foundation.graph import Graph, GraphError

APPLICATION: Final = "application"
SOURCE: Final = "credential"
# A secret's first letters, which the registration shows so that people can tell secrets apart.
_HINT: Final = 3
_UNREADABLE: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_NEXT: Final = _(
    "In Entra, App registrations > Certificates & secrets: add a new one, give it to Vedette, restart it, then "
    "delete the old one. A certificate is better than a secret."
)
_NEXT_OWN: Final = _(
    "Connectors > Intune > Access > Renew or change it: make a new one there, upload it in Entra, test it and put "
    "it in force; then delete the old one in Entra."
)
_EXPLANATION: Final = _(
    "Once it has ended, Entra gives no tokens: nothing is read or written any more, and rules at Microsoft see "
    "the last value of each phone."
)


def read(graph: Graph, _tenant_id: uuid.UUID) -> dict[str, Any]:
    """Say what is in force and until when it holds; a secret's end is looked up where that is permitted."""
    used = registration.of(config.current(), graph.entra_tenant_id)
    found = credential.of(used)
    expires, source = found.expires, "setting" if found.kind == SECRET else "certificate"
    if found.kind == SECRET and expires is None:
        expires, source = (
            _registered(graph, used.client_id, used.secret),
            "registration",
        )
    return {
        "kind": found.kind,
        "expires": expires.isoformat() if expires else "",
        "source": source,
        "own": used.own,
    }


def _registered(graph: Graph, client_id: str, secret: str) -> datetime | None:
    """The end of our secret by the registration; the later one where two look alike."""
    try:
        answer = graph.get(f"/applications(appId='{client_id}')", select="passwordCredentials")
    except GraphError as error:
        # Application.Read.All is not asked for, and another organisation's tenant has no registration.
        if error.status in _UNREADABLE:
            return None
        raise
    rows = [row for row in answer.get("passwordCredentials", []) if row.get("hint") == secret[:_HINT]]
    return max((datetime.fromisoformat(row["endDateTime"]).astimezone(UTC) for row in rows), default=None)


def ends(data: Mapping[str, Any]) -> datetime | None:
    """Return the end that was read."""
    text = data.get("expires")
    return datetime.fromisoformat(text) if text else None


def warn(tenant_id: uuid.UUID, data: Mapping[str, Any]) -> None:
    """Tell people at each mark, once; what was told of an older credential is past once there is a new one."""
    expires = ends(data)
    mark = credential.warning(expires) if expires else None
    code = "" if mark is None else f"credential_{'expired' if mark == EXPIRED else f'ends_{mark}'}"
    if expires and code:
        message = (
            _("The application's %(kind)s at Entra has ended on %(day)s.")
            if mark == EXPIRED
            else _("The application's %(kind)s at Entra ends on %(day)s.")
        )
        step = _NEXT_OWN if data.get("own") else _NEXT
        words = {"kind": str(data["kind"]), "day": expires.date().isoformat()}
        errors.record(tenant_id, "intune", Problem(SOURCE, code, message, Advice(_EXPLANATION, step), words))
    errors.passed(tenant_id, "intune", SOURCE, still={code})


readings.KINDS[APPLICATION] = Kind(read, after=warn)
