"""Way 2 of E3 and the group of people: `Delivery` rows become memberships of Entra groups.

Who belongs into a group is asked of all rows of the member at once, never of one: a person is left out only when
none of their phones is blocked (microsoft.md 4.7, 6), and of two rows for one Entra device the live one counts.
After taking somebody out it is asked once more, so that of two workers the newest state wins.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.db.models import F

from vedette.connectors import deliver
from vedette.connectors.claimed import Claimed
from vedette.connectors.deliver import result
from vedette.connectors.errors import Advice
from vedette.connectors.groups.advice import advice
from vedette.connectors.groups.desired import NOWHERE, memberships
from vedette.connectors.groups.membership_writes import GONE, REFUSES, Pair, Write, put_in, take_out
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import Budget
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, Patience
from vedette.tenants.models import Tenant

# Short: a delivery that fails is tried again later, and others wait meanwhile.
PATIENCE: Final = Patience(attempts=2, seconds=5.0, answer=10.0)
# What a person must mend is not asked every few seconds.
MENDED_BY_HAND: Final = {GONE: 900.0, REFUSES: 900.0}
FORBIDDEN_SECONDS: Final = 60.0
STILL_IN: Final = "Stays in the group: another phone of the same person is blocked."


@dataclass(frozen=True)
class Row:
    """What one delivery says of its member: where it belongs, and where it may be."""

    member: uuid.UUID
    desired: str
    told: bool = False
    """Whether `desired` arrived before."""
    places: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What is to be done for the members of claimed deliveries."""

    wanted: frozenset[Pair]
    put_in: frozenset[Pair]
    take_out: frozenset[Pair]


def planned(claimed: Sequence[Row], others: Sequence[Row]) -> Plan:
    """Pure: compare where members belong with where they may be. `others` are the other rows of these members.

    Who was put in for another phone is in; what is owed once more (a repair, or sent again) is looked at.
    """
    wanted = memberships((row.member, row.desired) for row in [*claimed, *others])
    asked = {(row.member, row.desired) for row in claimed}
    again = {(row.member, row.desired) for row in claimed if row.told}
    kept = {(row.member, row.desired) for row in others if row.told}
    standing = {(row.member, place) for row in [*claimed, *others] for place in row.places}
    return Plan(
        wanted=frozenset(wanted),
        put_in=frozenset((wanted & asked) - (kept - again)),
        take_out=frozenset(standing - wanted),
    )


class MembershipRoute:
    """Publishes the `Delivery` rows of one way; `member` says who stands for a row."""

    connector = "groups"
    batch = 200

    def __init__(
        self, name: str, column: str, member: Callable[[Claimed | Delivery], uuid.UUID | None]
    ) -> None:
        self.name = name
        self._column = column
        self._member = member

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Claimed], budget: Budget) -> list[Result]:
        """Bring the memberships of these phones, or their people, in line."""
        members = {member for item in deliveries if (member := self._member(item))}
        with database.tenant(tenant_id):
            entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        mine = {item.pk for item in deliveries}
        rows = self._rows(tenant_id, members)
        plan = planned(
            [row for key, row in rows.items() if key in mine],
            [row for key, row in rows.items() if key not in mine],
        )
        if budget.is_spent:
            return [result(item, Delivery.Status.DUE) for item in deliveries]
        late = self._foresee(tenant_id, deliveries, plan.put_in)
        graph = Graph(entra_tenant_id, patience=PATIENCE)
        done = put_in(graph, (pair for pair in plan.put_in if pair[0] not in late))
        # Who moves to another group is put into the new one before the old one lets go.
        held = late | {member for (member, _group), write in done.items() if not write.done}
        done |= take_out(graph, (pair for pair in plan.take_out if pair[0] not in held))
        self._ask_again(tenant_id, {pair for pair in plan.take_out if pair in done and done[pair].done})
        return [
            result(item, Delivery.Status.DUE)
            if self._member(item) in late
            else self._result(item, plan, done)
            for item in deliveries
        ]

    def advice(self, code: str) -> Advice:
        """Say in words what an error code means."""
        return advice(code)

    def _foresee(
        self, tenant_id: uuid.UUID, deliveries: Sequence[Claimed], pairs: frozenset[Pair]
    ) -> set[uuid.UUID]:
        """Write down who is about to be put in, so that a lost answer leaves nobody in; return whom to leave alone.

        Those are the members of whose phones something newer is owed by now: it comes next.
        """
        new = {
            item: " ".join(sorted({*item.place.split(), item.desired}))
            for item in deliveries
            if (self._member(item), item.desired) in pairs and item.desired not in item.place.split()
        }
        noted = deliver.foresee(tenant_id, new)
        return {member for item in new if item.pk not in noted and (member := self._member(item))}

    def _rows(self, tenant_id: uuid.UUID, members: set[uuid.UUID]) -> dict[uuid.UUID, Row]:
        """All rows of these members, by their key: one question for any number of them."""
        with database.tenant(tenant_id):
            found = Delivery.objects.filter(route=self.name, **{f"{self._column}__in": members})
            return {
                item.pk: Row(
                    member=member,
                    desired=item.desired,
                    told=bool(item.desired) and item.sent == item.desired,
                    places=frozenset(item.place.split()),
                )
                for item in found.defer("error")
                if (member := self._member(item))
            }

    def _ask_again(self, tenant_id: uuid.UUID, taken_out: set[Pair]) -> None:
        """Owe again what another worker wrote for the same people while these were taken out: the newest wins."""
        for group in {group for _member, group in taken_out}:
            members = [member for member, place in taken_out if place == group]
            with database.tenant(tenant_id):
                asked = Delivery.objects.filter(
                    route=self.name, desired=group, **{f"{self._column}__in": members}
                )
                # Also what is on its way: it may have been put in before it was taken out. Its lease is kept, and
                # what comes of it is that of an older generation.
                asked.update(status=Delivery.Status.DUE, due_at=clock.now(), generation=F("generation") + 1)

    def _result(self, item: Claimed, plan: Plan, done: Mapping[Pair, Write]) -> Result:
        member = self._member(item)
        if member is None:
            return _nobody(item)
        mine = {pair: write for pair, write in done.items() if pair[0] == member}
        failed = next((write for write in mine.values() if not write.done), None)
        if failed and failed.unsent:
            return result(
                item,
                Delivery.Status.DUE,
                place=_places(item, mine),
                retry_after=failed.retry_after,
                held=True,
            )
        if failed:
            return _failed(item, failed, _places(item, mine))
        if item.desired == NOWHERE and item.sent is None and not item.place:
            return result(item, Delivery.Status.DROPPED)
        stays = not item.desired and any(pair[0] == member for pair in plan.wanted)
        return result(
            item,
            Delivery.Status.CONFIRMED,
            value=item.desired,
            # A withdrawn value stands nowhere, unless another phone keeps the person there.
            place=None if stays else item.desired,
            request_id=next((write.request_id for write in mine.values() if write.request_id), ""),
            error=STILL_IN if stays else "",
        )


def _places(item: Claimed, writes: Mapping[Pair, Write]) -> str:
    """Where the member may be now: where it was, and where it was put in or may have been."""
    new = {group for (_member, group), write in writes.items() if write.done or write.doubtful}
    return " ".join(sorted({*item.place.split(), *new}))


def _nobody(item: Claimed) -> Result:
    if item.desired == NOWHERE:
        return result(item, Delivery.Status.DROPPED)
    text = "There is nobody to put into a group: the phone is not in Entra, or nobody owns it."
    return result(item, Delivery.Status.FAILED, error_code="no_entra_device", error=text)


def _failed(item: Claimed, write: Write, place: str) -> Result:
    gone = write.status == HTTPStatus.NOT_FOUND and write.code != GONE
    if write.code == GONE and item.desired == NOWHERE:
        return result(item, Delivery.Status.CONFIRMED, value=NOWHERE, place="")
    wait = MENDED_BY_HAND.get(write.code, write.retry_after)
    if write.status == HTTPStatus.FORBIDDEN and write.code not in MENDED_BY_HAND:
        wait = FORBIDDEN_SECONDS
    return result(
        item,
        Delivery.Status.FAILED if gone else Delivery.Status.DUE,
        place=place,
        error_code=write.code,
        error="Entra no longer has this phone or person." if gone else write.text,
        request_id=write.request_id,
        retry_after=wait,
    )


MEMBERSHIPS: Final = (
    MembershipRoute(DEVICE_GROUP, "entra_object_id", lambda item: item.entra_object_id),
    MembershipRoute(USER_GROUP, "owner_oid", lambda item: item.owner_oid),
)
