"""The acts as routes of the publisher: each a row of the history, at most once per change, seldom per phone.

Asking for a check-in and ending sessions may be repeated without harm. A notification may not: one whose answer is
lost counts as shown or not, nobody knows, and is not sent again.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from vedette.connectors.actions import targets, texts
from vedette.connectors.actions.advice import NO_OWNER, NOT_IN_INTUNE, UNKNOWN, advice
from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import NOTIFY, REVOKE, SYNC, still_true
from vedette.connectors.actions.settings_read import choice_of, settings_row
from vedette.connectors.actions.targets import Target
from vedette.connectors.claimed import Claimed
from vedette.connectors.deliver import result
from vedette.connectors.errors import Advice
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import Budget
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, NotSentError, Patience, Request, TokenError
from vedette.tenants.models import Tenant

PATIENCE: Final = Patience(attempts=2, seconds=5.0, answer=10.0)
FORBIDDEN_SECONDS: Final = 900.0
PARALLEL: Final = 4
# Never sent, whatever came of it: nothing was connected.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_DONE: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

Todo = list[tuple[Claimed, Target]]


class Act(ABC):
    """What all acts share: whom to leave alone, and how seldom."""

    connector = "actions"
    batch = 100
    name = ""
    by_owner = False

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Claimed], budget: Budget) -> list[Result]:
        """Do the act for each phone for which it still holds."""
        with database.tenant(tenant_id):
            tenant, row = Tenant.objects.get(pk=tenant_id), settings_row(tenant_id)
            found = targets.of(deliveries, self.name, by_owner=self.by_owner, language=tenant.language)
        if budget.is_spent:
            return [result(item, Delivery.Status.DUE) for item in deliveries]
        results: list[Result] = []
        todo: Todo = []
        seen: set[uuid.UUID | None] = set()
        now = clock.now()
        for item in deliveries:
            target = found.get(item.pk)
            if target is None or not self._holds(item, target, row, tenant):
                results.append(result(item, Delivery.Status.DROPPED))
            elif wait := self._wait(target, row, now):
                results.append(result(item, Delivery.Status.DUE, retry_after=wait))
            elif lacking := self._lacking(target):
                results.append(_impossible(item, lacking))
            elif self.by_owner and target.device.owner_oid in seen:
                # The other phone of the same person has just done it.
                results.append(result(item, Delivery.Status.DROPPED))
            else:
                seen.add(target.device.owner_oid)
                todo.append((item, target))
        if todo:
            results += self._do(Graph(tenant.entra_tenant_id, patience=PATIENCE), todo, tenant, row)
        return results

    def advice(self, code: str) -> Advice:
        """Say in words what an error code means."""
        return advice(code)

    def _holds(self, item: Claimed, _target: Target, row: ActionSettings, tenant: Tenant) -> bool:
        """Tell whether the act is still wished and still true."""
        return bool(item.desired) and self.name in choice_of(row).on and tenant.mode == Tenant.Mode.ARMED

    def _wait(self, target: Target, row: ActionSettings, now: datetime) -> float:
        """Seconds until the act may be done again; 0 when it may now."""
        if target.last_act is None:
            return 0.0
        again = target.last_act + timedelta(minutes=getattr(row, f"{self.name}_minutes"))
        return max(0.0, (again - now).total_seconds())

    def _lacking(self, target: Target) -> str:
        return "" if target.managed_id else NOT_IN_INTUNE

    @abstractmethod
    def _do(self, graph: Graph, todo: Todo, tenant: Tenant, row: ActionSettings) -> list[Result]:
        """Do what is due, and say what came of each."""


class Sync(Act):
    """Asks Intune to have the phone check in: its policies are evaluated then."""

    name = SYNC

    def _do(self, graph: Graph, todo: Todo, _tenant: Tenant, _row: ActionSettings) -> list[Result]:
        return _batch(
            graph, todo, lambda target: f"/deviceManagement/managedDevices/{target.managed_id}/syncDevice"
        )


class Revoke(Act):
    """Ends the sign-in sessions of the phone's person, on all their devices."""

    name = REVOKE
    by_owner = True

    def _holds(self, item: Claimed, target: Target, row: ActionSettings, tenant: Tenant) -> bool:
        wished = super()._holds(item, target, row, tenant) and not target.spared
        return wished and target.told in row.levels

    def _lacking(self, target: Target) -> str:
        return "" if target.device.owner_oid else NO_OWNER

    def _do(self, graph: Graph, todo: Todo, _tenant: Tenant, _row: ActionSettings) -> list[Result]:
        return _batch(graph, todo, lambda target: f"/users/{target.device.owner_oid}/revokeSignInSessions")


class Notify(Act):
    """Tells the person in Company Portal why the phone is blocked, and when that is over."""

    name = NOTIFY

    def _holds(self, item: Claimed, target: Target, row: ActionSettings, tenant: Tenant) -> bool:
        levels = frozenset(row.levels)
        if not super()._holds(item, target, row, tenant) or not still_true(item.desired, target.told, levels):
            return False
        # Who was never told of a block is not told of its end, and nobody is told the same twice.
        told_blocked = target.last_told in levels
        return (item.desired in levels) != told_blocked

    def _do(self, graph: Graph, todo: Todo, tenant: Tenant, row: ActionSettings) -> list[Result]:
        def one(pair: tuple[Claimed, Target]) -> Result:
            item, target = pair
            if item.attempts > 1 and not item.error_code:
                # Whoever tried before died on the way: nobody knows whether it was shown.
                return _unknown(item, "The worker that sent it did not come back.")
            text = texts.compose(
                target.told, target.reasons, tenant.name, target.language, blocked=target.told in row.levels
            )
            return _notify(graph, item, target.managed_id, text)

        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="notify") as pool:
            return list(pool.map(one, todo))


def _notify(graph: Graph, item: Claimed, managed_id: str, text: texts.Notification) -> Result:
    path = f"/beta/deviceManagement/managedDevices/{managed_id}/sendCustomNotificationToCompanyPortal"
    words = asdict(text)
    try:
        graph.post(path, {"notificationTitle": words["title"], "notificationBody": words["body"]})
    except NotSentError as error:
        return result(item, Delivery.Status.DUE, retry_after=error.retry_after, held=True)
    except GraphError as error:
        lost = error.status == 0 or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if lost and error.status not in _NOT_DONE and not isinstance(error.__cause__, _NEVER_SENT):
            return _unknown(item, str(error), error.request_id)
        return _failed(item, error)
    except TokenError as error:
        return _failed(item, error)
    return _done(item, graph.last_request_id)


def _batch(graph: Graph, todo: Todo, path: Callable[[Target], str]) -> list[Result]:
    replies = graph.batch([Request("POST", path(target), repeat=True) for _item, target in todo])
    return [
        _failed(item, reply.error) if reply.error else _done(item, reply.request_id)
        for (item, _target), reply in zip(todo, replies, strict=True)
    ]


def _done(item: Claimed, request_id: str) -> Result:
    """An act leaves no value behind: nothing of it is to be withdrawn."""
    return result(item, Delivery.Status.CONFIRMED, request_id=request_id)


def _failed(item: Claimed, error: GraphError | TokenError) -> Result:
    if isinstance(error, NotSentError):
        return result(item, Delivery.Status.DUE, retry_after=error.retry_after, held=True)
    if isinstance(error, TokenError):
        return result(item, Delivery.Status.DUE, error_code=error.name, error=str(error))
    gone = error.status == HTTPStatus.NOT_FOUND
    return result(
        item,
        Delivery.Status.FAILED if gone else Delivery.Status.DUE,
        error_code=error.code,
        error=str(error),
        request_id=error.request_id,
        retry_after=FORBIDDEN_SECONDS if error.status == HTTPStatus.FORBIDDEN else error.retry_after,
    )


def _unknown(item: Claimed, text: str, request_id: str = "") -> Result:
    return result(item, Delivery.Status.FAILED, error_code=UNKNOWN, error=text, request_id=request_id)


def _impossible(item: Claimed, code: str) -> Result:
    said = {
        NOT_IN_INTUNE: "Intune does not manage this phone.",
        NO_OWNER: "Nobody owns this phone in Entra.",
    }
    return result(item, Delivery.Status.FAILED, error_code=code, error=said[code])


ACTS: Final = (Sync(), Notify(), Revoke())
