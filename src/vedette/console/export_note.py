"""Who took which list out of Vedette is an act of its own: noted before the first row is sent."""

from vedette.events.log import Draft, Target, emit
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables


def note(request: MemberRequest, action: str, filename: str, query: tables.Query | None = None) -> None:
    """Write the audit event ACTION with what the list was narrowed to."""
    detail = {name: value for name, value in query.filters.items() if value} if query else {}
    if query and query.search:
        detail["search"] = query.search
    with database.writer(request.tenant.id):
        emit(
            Draft(
                action,
                change_type="EXPORTED",
                actor=access.actor(request),
                target=Target("export", "", filename),
                detail=detail,
            )
        )
