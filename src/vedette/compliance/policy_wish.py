"""A change of levels that re-rates more threats than a person waits for: asked for now, applied by a job.

The job applies it in one transaction of the tenant's writer, not in several steps. In several, phones would be
judged by two policies for as long as it takes, a crash between two steps would leave it so, and events of other
writers would stand between its state changes. The price: other writers of that tenant (the assessor, pages that
save) wait until it is done. Phones still report meanwhile: the inbox takes no lock.

How far it is is written over a connection of its own, since nobody sees inside the transaction. When the worker
or its connection dies, PostgreSQL rolls everything back, the wish stays open, and the job begins anew
(`compliance.jobs.resume_policy_wishes`).
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, connections
from django.utils.translation import gettext

from vedette.compliance import change_policy
from vedette.compliance.change_policy import Levels, Progress, TooLarge
from vedette.compliance.models import StateChange
from vedette.devices.models import DeviceGroup
from vedette.events.log import SYSTEM, Actor, Draft, Target, emit
from vedette.foundation import clock, database, jobs
from vedette.threats.models import PolicyWish

log = logging.getLogger(__name__)

REASON: Final = "The service's log says why. Nothing was changed."


class Busy(Exception):  # noqa: N818 - an answer to the administrator, not a fault of the program
    """Another change of levels is still being applied; the text says how far it is."""


def ask(tenant_id: UUID, group_id: UUID, levels: Levels, *, actor: Actor) -> list[StateChange] | PolicyWish:
    """Apply levels at once where few threats are touched, else leave them to a job and return the wish.

    Raises BadPolicy, and Busy while an earlier wish is open.
    """
    with database.writer(tenant_id):
        pending = current(group_id)
        if pending:
            raise Busy(
                gettext(
                    "%(name)s changed the policy at %(time)s, and that is still being applied "
                    "(%(done)d of %(threats)d threats). Change it again when that is done."
                )
                % {
                    "name": pending.asked_by,
                    "time": pending.asked_at.strftime("%H:%M UTC"),
                    "done": pending.done,
                    "threats": pending.threats,
                }
            )
        try:
            return change_policy.apply(tenant_id, group_id, levels, actor=actor)
        except TooLarge as large:
            return _keep(tenant_id, DeviceGroup.objects.get(id=group_id), levels, large, actor)


def current(group_id: UUID) -> PolicyWish | None:
    """Return the group's wish that is being applied, if there is one; inside the tenant's door."""
    return PolicyWish.objects.filter(group_id=group_id, finished_at=None).first()


def last_failed(group_id: UUID) -> PolicyWish | None:
    """Return the group's newest wish if it could not be applied; inside the tenant's door."""
    newest = PolicyWish.objects.filter(group_id=group_id).order_by("-asked_at").first()
    return newest if newest and newest.outcome == PolicyWish.Outcome.FAILED else None


@jobs.task
def apply_wish(tenant_id: str, wish_id: str) -> None:
    """Apply a wish, if it is still open. A lost connection leaves it open, to be begun anew."""
    tenant, wish = UUID(tenant_id), UUID(wish_id)
    try:
        _apply(tenant, wish)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("Tenant %s: the policy of wish %s could not be applied", tenant_id, wish_id)
        _give_up(tenant, wish)


def resume(tenant_id: UUID) -> None:
    """Begin open wishes of a tenant again; one whose job runs or waits is left alone."""
    with database.tenant(tenant_id):
        for wish in PolicyWish.objects.filter(finished_at=None):
            _apply_soon(wish)


def _keep(tenant_id: UUID, group: DeviceGroup, levels: Levels, large: TooLarge, actor: Actor) -> PolicyWish:
    wish = PolicyWish.objects.create(
        tenant_id=tenant_id,
        group=group,
        levels={code: [int(risk), str(response)] for code, (risk, response) in levels.items()},
        threats=large.threats,
        asked_at=clock.now(),
        asked_by_type=actor.type,
        asked_by_id=actor.id,
        asked_by=actor.name,
    )
    emit(
        Draft(
            action="policy.change_requested",
            actor=actor,
            target=_target(group),
            changes=large.changes,
            detail={"threats": large.threats},
        )
    )
    _apply_soon(wish)
    return wish


def _apply_soon(wish: PolicyWish) -> None:
    jobs.defer(
        apply_wish, lock=f"policy:{wish.tenant_id}", queueing_lock=f"policy:{wish.id}",
        tenant_id=str(wish.tenant_id), wish_id=str(wish.id),
    )  # fmt: skip


def _apply(tenant_id: UUID, wish_id: UUID) -> None:
    with _telling(tenant_id, wish_id) as progress, database.writer(tenant_id):
        wish = PolicyWish.objects.filter(id=wish_id, finished_at=None).first()
        if wish is None:
            return
        progress(0)
        levels = {code: (int(risk), str(response)) for code, (risk, response) in wish.levels.items()}
        actor = Actor(wish.asked_by_type, wish.asked_by_id, wish.asked_by)
        changes = change_policy.apply(
            tenant_id, wish.group_id, levels, actor=actor, however_many=True, progress=progress
        )
        _finish(wish_id, PolicyWish.Outcome.APPLIED)
    log.info("Tenant %s: the policy is applied, %d devices changed their state", tenant_id, len(changes))


def _give_up(tenant_id: UUID, wish_id: UUID) -> None:
    with database.writer(tenant_id):
        wish = PolicyWish.objects.select_related("group").filter(id=wish_id, finished_at=None).first()
        if wish is None:
            return
        _finish(wish_id, PolicyWish.Outcome.FAILED)
        emit(
            Draft(
                action="policy.change_failed",
                actor=SYSTEM,
                target=_target(wish.group),
                detail={"reason": REASON, "asked_by": wish.asked_by},
            )
        )


def _finish(wish_id: UUID, outcome: str) -> None:
    PolicyWish.objects.filter(id=wish_id).update(finished_at=clock.now(), outcome=outcome)


@contextmanager
def _telling(tenant_id: UUID, wish_id: UUID) -> Iterator[Progress]:
    """Write how far it is from a thread with a connection of its own, before the work goes on."""

    def write(done: int) -> None:
        with database.tenant(tenant_id):
            PolicyWish.objects.filter(id=wish_id).update(done=done)

    with ThreadPoolExecutor(max_workers=1) as executor:
        try:
            yield lambda done: executor.submit(write, done).result()
        finally:
            executor.submit(connections.close_all).result()


def _target(group: DeviceGroup) -> Target:
    return Target("device_group", str(group.id), group.name)
