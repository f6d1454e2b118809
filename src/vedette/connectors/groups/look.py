"""Looking at the members of the groups in Entra: what another hand took out is put back, what it put in is flagged.

A membership that was written a moment ago may not be listed yet (eventual consistency), so what is younger than
`SETTLING` is not judged.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import deliver, entra_groups, errors, reserved_groups
from vedette.connectors.errors import Problem
from vedette.connectors.groups import wishes
from vedette.connectors.groups.advice import FOREIGN, GROUP_IN_USE, PUT_BACK, advice
from vedette.connectors.groups.eligibility import IN_USE, refusal
from vedette.connectors.groups.membership_writes import GONE, REFUSES
from vedette.connectors.groups.models import GroupRoute, ListedMember, RiskGroup
from vedette.connectors.groups.settings_read import groups_of
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.connectors.models import Delivery
from vedette.foundation import clock, database, jobs
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants.models import Tenant

EVERY: Final = timedelta(minutes=10)
SETTLING: Final = timedelta(minutes=10)
# What failed for good (a phone gone from Entra) is tried again so much later: it may be back.
RETRY_FAILED: Final = timedelta(hours=1)
SOURCE: Final = "look"
PATIENCE: Final = Patience(attempts=3, seconds=30.0)
MEMBER: Final = {DEVICE_GROUP: "entra_object_id", USER_GROUP: "owner_oid"}

_GONE: Final = _("The group %(name)s (%(id)s) is not in Entra any more.")
_REFUSES: Final = _("The group %(name)s (%(id)s) takes no members from Vedette any more.")
_IN_USE: Final = _("The group %(name)s (%(id)s) has another use by now, so nobody at risk is put into it.")
_FOREIGN: Final = _("Another hand put %(count)s members into the group %(name)s.")
_PUT_BACK: Final = _("Another hand took %(count)s members out of the group %(name)s.")


def look(tenant_id: uuid.UUID, route: str) -> bool:
    """Look at all groups of one way once; False when Microsoft could not be asked. Nothing is judged by an error."""
    began = clock.now()
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        groups = groups_of(route)
    graph = Graph(entra_tenant_id, patience=PATIENCE)
    problems: list[Problem] = []
    try:
        found = [(group, *_read(graph, group)) for group in groups]
    except GraphError as error:
        return _failed(tenant_id, route, error.code, str(error))
    except TokenError as error:
        return _failed(tenant_id, route, error.name, str(error))
    with database.writer(tenant_id):
        uses = reserved_groups.uses(Tenant.objects.get(pk=tenant_id))
        for group, now, members in found:
            problems += _judge(group, now, members, uses, began)
        # Also for phones that have another owner by now, and for people who are spared since.
        wishes.owe(tenant_id, route)
        _retry_failed(route, began)
        GroupRoute.objects.filter(tenant_id=tenant_id, route=route).update(
            looked_at=began, looking_since=None, next_look_at=began + EVERY
        )
    for problem in problems:
        errors.record(tenant_id, "groups", problem)
    errors.passed(tenant_id, "groups", f"{SOURCE}:{route}", still=[problem.code for problem in problems])
    jobs.notify(deliver.CHANNEL)
    return True


def _read(graph: Graph, group: RiskGroup) -> tuple[entra_groups.Group | None, dict[uuid.UUID, str]]:
    """Read a group and its members by object ID; None when Entra no longer has it."""
    try:
        now = entra_groups.read_group(graph, group.object_id)
        fields = "id,displayName"
        rows = graph.pages(f"/groups/{group.object_id}/members", select=fields, top=999)
        return now, {uuid.UUID(row["id"]): row.get("displayName") or "" for row in rows}
    except GraphError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None, {}
        raise


def _judge(
    group: RiskGroup,
    now: entra_groups.Group | None,
    members: dict[uuid.UUID, str],
    uses: Mapping[uuid.UUID, str],
    began: datetime,
) -> list[Problem]:
    """Write down what was found of a group and owe what is missing; return what people should know."""
    if now is None:
        RiskGroup.objects.filter(pk=group.pk, missing_since=None).update(missing_since=began)
        return [_problem(group, GONE, _GONE)]
    rows = list(
        Delivery.objects.filter(route=group.route, place__contains=str(group.object_id)).only(
            "desired", "sent", "status", "sent_at", "requested_at", MEMBER[group.route]
        )
    )
    column, key = MEMBER[group.route], str(group.object_id)
    missing = [
        row.pk
        for row in rows
        if row.desired == row.sent == key and _settled(row, began) and getattr(row, column) not in members
    ]
    ours = {getattr(row, column) for row in rows if row.sent or not _settled(row, began)}
    foreign = set(members) - ours
    put_back = Delivery.objects.filter(pk__in=missing, status=Delivery.Status.CONFIRMED).update(
        status=Delivery.Status.DUE, due_at=clock.now(), attempts=0, requested_at=clock.now()
    )
    _list(group, members, foreign)
    refused = refusal(now, uses)
    RiskGroup.objects.filter(pk=group.pk).update(
        display_name=now.display_name,
        missing_since=None,
        foreign=len(foreign),
        put_back=put_back,
        refused=refused,
    )
    problems = []
    if refused:
        code, message = (GROUP_IN_USE, _IN_USE) if refused == IN_USE else (REFUSES, _REFUSES)
        problems.append(_problem(group, code, message))
    problems += [_problem(group, FOREIGN, _FOREIGN, count=len(foreign))] if foreign else []
    problems += [_problem(group, PUT_BACK, _PUT_BACK, count=put_back)] if put_back else []
    return problems


def _settled(row: Delivery, began: datetime) -> bool:
    """Tell whether what was written last must be listed by now."""
    done = row.status in {Delivery.Status.CONFIRMED, Delivery.Status.FAILED, Delivery.Status.DROPPED}
    return done and (row.sent_at or row.requested_at) < began - SETTLING


def _list(group: RiskGroup, members: dict[uuid.UUID, str], foreign: set[uuid.UUID]) -> None:
    """Keep what Entra listed, so that pages can show it beside what is expected."""
    listed = ListedMember.objects.filter(group_id=group.object_id)
    listed.exclude(member_id__in=list(members)).delete()
    ListedMember.objects.bulk_create(
        [
            ListedMember(
                tenant_id=group.tenant_id,
                group_id=group.object_id,
                member_id=member,
                name=name,
                foreign=member in foreign,
            )
            for member, name in members.items()
        ],
        update_conflicts=True,
        unique_fields=["tenant_id", "group_id", "member_id"],
        update_fields=["name", "foreign"],
        batch_size=2000,
    )


def _retry_failed(route: str, now: datetime) -> None:
    old = Delivery.objects.filter(route=route, status=Delivery.Status.FAILED, due_at__lt=now - RETRY_FAILED)
    old.update(status=Delivery.Status.DUE, due_at=now)


def _problem(group: RiskGroup, code: str, message: str, **words: Any) -> Problem:
    told = {"name": group.display_name, "id": str(group.object_id), **{k: str(v) for k, v in words.items()}}
    return Problem(f"{SOURCE}:{group.route}", code, message, advice(code), words=told)


def _failed(tenant_id: uuid.UUID, route: str, code: str, text: str) -> bool:
    with database.tenant(tenant_id):
        GroupRoute.objects.filter(tenant_id=tenant_id, route=route).update(
            looking_since=None, next_look_at=clock.now() + EVERY
        )
    errors.record(tenant_id, "groups", Problem(f"{SOURCE}:{route}", code, text, advice(code)))
    return False
