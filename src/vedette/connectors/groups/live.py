"""Asking Microsoft about a group before it is kept or a way is switched on: there, fit, and ours to write."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from vedette.connectors import entra_groups
from vedette.connectors.entra_groups import Group
from vedette.connectors.groups import eligibility
from vedette.connectors.groups.models import RiskGroup
from vedette.foundation.graph import Graph, GraphError

# An object ID that cannot exist: taking it out is answered 404 when it is permitted, 403 when it is not.
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
COUNTED: Final = 999


class UnfitError(Exception):
    """The group cannot be kept; the text says why and what to do, in the current language."""


def check(graph: Graph, group: Group, uses: Mapping[UUID, str]) -> int:
    """Return how many members are in the group already. Raises UnfitError, GraphError."""
    if code := eligibility.refusal(group, uses):
        raise UnfitError(eligibility.explanation(group, code, uses))
    try:
        graph.delete(f"/groups/{group.id}/members/{NOBODY}/$ref")
    except GraphError as error:
        if error.status == HTTPStatus.FORBIDDEN:
            raise UnfitError(
                _(
                    "Microsoft does not let Vedette change the members of “%(name)s”: GroupMember.ReadWrite.All is not "
                    "granted. A Global Administrator opens the consent link (Intune connector > Access) and accepts."
                )
                % {"name": group.display_name}
            ) from error
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    return len(graph.get(f"/groups/{group.id}/members", select="id", top=COUNTED).get("value", []))


def check_all(graph: Graph, rows: Sequence[RiskGroup], uses: Mapping[UUID, str]) -> None:
    """Check every group of a way. Raises UnfitError, GraphError."""
    for row in rows:
        try:
            group = entra_groups.read_group(graph, row.object_id)
        except GraphError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            gone = _(
                "“%(name)s” is gone from Entra: restore it there (within 30 days), or choose another group."
            )
            raise UnfitError(gone % {"name": row.display_name}) from error
        check(graph, group, {key: use for key, use in uses.items() if key != row.object_id})
