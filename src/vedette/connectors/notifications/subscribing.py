"""Making, renewing and deleting subscriptions at Microsoft Graph (microsoft.md 2.11).

Graph calls our address before it makes a subscription, so the service must be reachable from the internet. A
subscription lives three days and is renewed every day: one that is forgotten ends by itself.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import errors
from vedette.connectors.errors import LASTING, Advice, Problem
from vedette.connectors.notifications.models import Subscription
from vedette.connectors.notifications.switch import CONNECTOR, addresses
from vedette.connectors.settling import back_off
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants.models import Tenant

LIFE: Final = timedelta(days=3)
RENEW_AFTER: Final = timedelta(days=1)
PATIENCE: Final = Patience(2, seconds=60.0)
PERMISSION: Final[Mapping[str, str]] = {"users": "User.Read.All", "groups": "Group.Read.All"}
SECRET_BYTES: Final = 48
_POLLING: Final = _("Meanwhile the directory is polled as ever; only news arrives a few minutes later.")


def keep(tenant_id: uuid.UUID) -> None:
    """Look after what is due of one tenant's subscriptions; a failure is written down and tried again later."""
    with database.tenant(tenant_id):
        tenant = Tenant.objects.get(pk=tenant_id)
        due = list(Subscription.objects.filter(next_at__lte=clock.now()).order_by("resource"))
    if tenant.status in {Tenant.Status.DISCONNECTED, Tenant.Status.INVITED}:
        # nobody may call Microsoft for this tenant: what stands there ends by itself
        with database.tenant(tenant_id):
            Subscription.objects.all().delete()
        return
    graph = Graph(tenant.entra_tenant_id, patience=PATIENCE)
    leaving = tenant.status == Tenant.Status.DISCONNECTING
    for row in due:
        source = f"subscription:{row.resource}"
        try:
            if row.unwanted or leaving:
                _delete(graph, tenant_id, row)
            else:
                _renew(graph, row) if row.remote_id and row.secret_hash else _make(graph, row)
        except (GraphError, TokenError) as error:
            problem = _problem(source, row.resource, error)
            errors.record(tenant_id, CONNECTOR, problem)
            _put_off(tenant_id, row, error, problem)
        else:
            errors.passed(tenant_id, CONNECTOR, source)


def hashed(secret: str) -> str:
    """Return what is kept of the secret that a notification carries."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _make(graph: Graph, row: Subscription) -> None:
    """Have one made; what stands there without a secret (switched off and on again) could never be believed."""
    _remove(graph, row)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    notify, lifecycle = addresses()
    # Where the answer to an earlier try was lost one stands there that nobody knows of.
    for known in list(graph.pages("/subscriptions")):
        if (known.get("resource"), known.get("notificationUrl")) == (row.resource, notify):
            _remove_known(graph, str(known["id"]))
    now = clock.now()
    made = graph.post(
        "/subscriptions",
        {
            "changeType": "updated,deleted",
            "notificationUrl": notify,
            "lifecycleNotificationUrl": lifecycle,
            "resource": row.resource,
            "expirationDateTime": _written(now + LIFE),
            "clientState": secret,
            "latestSupportedTlsVersion": "v1_2",
        },
    )
    # what changed before Microsoft began to watch is told by nobody: poll once
    _note(row, remote_id=str(made["id"]), secret_hash=hashed(secret), expires_at=now + LIFE, woken_at=now)


def _renew(graph: Graph, row: Subscription) -> None:
    now = clock.now()
    body = {"expirationDateTime": _written(now + LIFE)}
    try:
        graph.patch(f"/subscriptions/{row.remote_id}", body, idempotent=True)
    except GraphError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        row.remote_id = ""
        _make(graph, row)
        return
    _note(row, expires_at=now + LIFE)


def _delete(graph: Graph, tenant_id: uuid.UUID, row: Subscription) -> None:
    _remove(graph, row)
    with database.tenant(tenant_id):
        Subscription.objects.filter(pk=row.pk, next_at=row.next_at).delete()


def _remove(graph: Graph, row: Subscription) -> None:
    """Delete it at Microsoft, where one stands."""
    if row.remote_id:
        _remove_known(graph, row.remote_id)


def _remove_known(graph: Graph, remote_id: str) -> None:
    try:
        graph.delete(f"/subscriptions/{remote_id}")
    except GraphError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _note(row: Subscription, **changes: Any) -> None:
    """Write down what succeeded, unless the switch was turned meanwhile: then it is due at once again."""
    values = {"failures": 0, "problem": "", **changes}
    with database.tenant(row.tenant_id):
        rows = Subscription.objects.filter(pk=row.pk)
        rows.update(**values)
        rows.filter(next_at=row.next_at).update(next_at=clock.now() + RENEW_AFTER)


def _put_off(
    tenant_id: uuid.UUID, row: Subscription, error: GraphError | TokenError, problem: Problem
) -> None:
    wait = max(back_off(row.failures + 1), getattr(error, "retry_after", None) or 0)
    words = problem.message % problem.words
    with database.tenant(tenant_id):
        Subscription.objects.filter(pk=row.pk, next_at=row.next_at).update(
            failures=row.failures + 1, problem=words, next_at=clock.now() + timedelta(seconds=wait)
        )


def _problem(source: str, resource: str, error: GraphError | TokenError) -> Problem:
    if isinstance(error, TokenError):
        advice = Advice(error.advice.explanation, error.advice.next_step, mail_after=LASTING)
        return Problem(source, error.name, _("Entra issued no token: %(why)s"), advice, {"why": str(error)})
    words = {"why": error.message, "address": addresses()[0], "permission": PERMISSION[resource]}
    if error.code == "ValidationError":
        return Problem(
            source,
            error.code,
            _("Microsoft could not reach %(address)s: %(why)s"),
            Advice(
                _POLLING,
                _(
                    "Make this address reachable from the internet, by HTTPS with a certificate of a public "
                    "authority, or turn change notifications off."
                ),
                mail_after=LASTING,
            ),
            words,
        )
    if error.status == HTTPStatus.FORBIDDEN:
        return Problem(
            source,
            error.code,
            _("The application lacks the permission %(permission)s, so Microsoft does not tell of changes."),
            Advice(
                _POLLING,
                _("A Global Administrator grants it, or you turn change notifications off."),
                mail_after=LASTING,
            ),
            words,
        )
    advice = Advice(error.advice.explanation, error.advice.next_step, mail_after=LASTING)
    return Problem(source, error.code, _("Microsoft Graph refused a subscription: %(why)s"), advice, words)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
