"""Delta queries of users, groups and devices (microsoft.md 2.7).

A first round lists every object as it stood when the round began; a later one tells what the change log holds
since the last. Objects are shown as they are at the moment of the page, in pages of objects and of members.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from odata_query import ast
from starlette.routing import BaseRoute

from vedette_lab import change_log
from vedette_lab.directory import Directory, Group
from vedette_lab.graph import properties
from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.delta_tokens import Token, decode, encode, expired, too_old
from vedette_lab.graph.errors import bad_request, unsupported
from vedette_lab.graph.groups import HIDDEN
from vedette_lab.graph.properties import KINDS, Kind, render
from vedette_lab.graph.query import check, read
from vedette_lab.intune_model import Json
from vedette_lab.model import new_id

OBJECTS_PER_PAGE: Final = 200
MEMBERS_PER_PAGE: Final = 1000
LARGEST_PAGE: Final = 999
PREFERRED: Final = "odata.maxpagesize="
FIRST_CALL: Final = frozenset({"$select", "$filter", "$deltatoken"})
KEPT_READINGS: Final = 64
REPLAYED: Final = 3
"""How many old changes come again under the switch `delta_quirks`."""

_KIND: Final[dict[change_log.Kind, Kind]] = {
    "users": properties.USER,
    "groups": properties.GROUP,
    "devices": properties.DEVICE,
}


class Piece(NamedTuple):
    """An object, and for a group those of its members that this piece tells about."""

    id: str
    members: tuple[str, ...] = ()


_readings: OrderedDict[str, list[Piece]] = OrderedDict()
"""The lists of first rounds that may still be going on, the newest last."""


async def users(call: Call) -> Json:
    """GET /users/delta."""
    return _answer(call, "users")


async def groups(call: Call) -> Json:
    """GET /groups/delta."""
    return _answer(call, "groups")


async def devices(call: Call) -> Json:
    """GET /devices/delta."""
    return _answer(call, "devices")


def _answer(call: Call, kind: change_log.Kind) -> Json:
    given = call.asked.query.get("$skiptoken") or call.asked.query.get("$deltatoken")
    if given and given != "latest":
        token = _accept(call, kind, given)
        return _page(call, token)
    select, ids = _options(call, kind)
    directory = call.tenant.directory
    end = directory.changes[kind].end
    first = Token(
        kind=kind,
        lineage=directory.lineage,
        issued=call.cloud.now().timestamp(),
        generation=directory.delta_generation.get(kind, 0),
        select=select,
        ids=ids,
        start=end,
        end=end,
    )
    if given == "latest":
        return _finished(call, first, [])
    reading = new_id()
    _readings[reading] = list(_everything(directory, first))
    while len(_readings) > KEPT_READINGS:
        _readings.popitem(last=False)
    return _page(call, _moved(first, skip=0, reading=reading))


def _options(call: Call, kind: change_log.Kind) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Read the options of a first call. GraphError 400 for any other option."""
    values = call.asked.query
    if refused := [name for name in values if name.startswith("$") and name not in FIRST_CALL]:
        raise unsupported(f"The query option '{refused[0]}' is not supported by delta queries.")
    options = {name: value for name, value in values.items() if name != "$deltatoken"}
    query = read(options, call.asked.headers)
    select = query.select
    names = tuple(name for name in select or () if not (kind == "groups" and name == "members"))
    check(read({"$select": ",".join(names)}, {}), (_KIND[kind],))
    return select, None if query.filter is None else tuple(dict.fromkeys(_ids(query.filter)))


def _ids(node: ast._Node) -> list[str]:
    """Return the ids of `id eq 'a' or id eq 'b'`, the only filter there is. GraphError 400 for another."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return [*_ids(node.left), *_ids(node.right)]
    if (
        isinstance(node, ast.Compare)
        and isinstance(node.comparator, ast.Eq)
        and isinstance(node.left, ast.Identifier)
        and node.left.name == "id"
        and isinstance(node.right, ast.String | ast.GUID)
    ):
        return [str(node.right.val)]
    raise unsupported("Unsupported Query: delta queries filter by 'id eq' only.")


def _accept(call: Call, kind: change_log.Kind, text: str) -> Token:
    """Read a token back; the options are in it. GraphError 400, or that it has expired."""
    values = call.asked.query
    if any(name.startswith("$") and name not in {"$skiptoken", "$deltatoken"} for name in values) or (
        len(values.keys() & {"$skiptoken", "$deltatoken"}) > 1
    ):
        raise bad_request("Query options can only be specified in the first call of a delta query.")
    token = decode(text)
    if (token.kind, token.lineage) != (kind, call.tenant.directory.lineage) or (token.skip is None) == (
        "$skiptoken" in values
    ):
        raise bad_request("Badly formed token.")
    directory = call.tenant.directory
    lost = token.reading not in _readings if token.reading else not directory.changes[kind].holds(token.start)
    if too_old(token, call.cloud.now()) or lost:
        raise expired("gone", _address(call))
    if token.generation != directory.delta_generation.get(kind, 0):
        raise expired(directory.delta_answer, _address(call))
    if token.skip is None:
        # A new round: from where the last one ended to now.
        start = max(token.start - (REPLAYED if call.cloud.switches.delta_quirks else 0), 0)
        return _moved(token, start=start, end=directory.changes[kind].end, skip=0)
    return token


def _page(call: Call, token: Token) -> Json:
    plan = _readings[token.reading] if token.reading else list(_changed(call.tenant.directory, token))
    quirks = call.cloud.switches.delta_quirks
    if quirks:
        plan = plan[::-1]
    skip = token.skip or 0
    if quirks and skip < 0:
        return _unfinished(call, token, [], -skip)
    stop = _stop(call, plan, skip)
    # Quirks: the last piece of the page before comes again, and an empty page comes in between.
    shown = [
        row
        for piece in plan[max(skip - 1, 0) if quirks else skip : stop]
        for row in _show(call, token, piece, quirks=quirks)
    ]
    if stop < len(plan):
        return _unfinished(call, token, shown, -stop if quirks else stop)
    return _finished(call, token, shown)


def _stop(call: Call, plan: Sequence[Piece], skip: int) -> int:
    """Return where the page ends that begins at `skip`: by number of objects and of members."""
    most, cap = _page_size(call), call.cloud.switches.page_size
    left = min(MEMBERS_PER_PAGE, cap or MEMBERS_PER_PAGE)
    stop = skip
    while stop < len(plan) and stop - skip < most:
        left -= len(plan[stop].members)
        if left < 0 and stop > skip:
            break
        stop += 1
    return stop


def _page_size(call: Call) -> int:
    size = OBJECTS_PER_PAGE
    for preference in call.asked.headers.get("prefer", "").split(","):
        name, _, number = preference.strip().lower().partition("=")
        if f"{name}=" == PREFERRED and number.isdecimal() and int(number):
            size = min(int(number), LARGEST_PAGE)
    return min(size, call.cloud.switches.page_size or size)


def _everything(directory: Directory, token: Token) -> Iterable[Piece]:
    """Yield every object that a first round tells of, as the list stands now."""
    store: dict[str, Any] = getattr(directory, token.kind)
    chosen = store if token.ids is None else [key for key in token.ids if key in store]
    for key in chosen:
        members = tuple(directory.groups[key].members) if _tells_members(token) else ()
        yield from _pieces(key, members)


def _changed(directory: Directory, token: Token) -> Iterable[Piece]:
    """Yield what changed in a round, each object and each membership once."""
    found: dict[str, dict[str, None]] = {}
    for change in directory.changes[token.kind].between(token.start, token.end):
        if token.ids is not None and change.id not in token.ids:
            continue
        if change.member is None:
            found.setdefault(change.id, {})
        elif _tells_members(token):
            found.setdefault(change.id, {})[change.member] = None
    for key, members in found.items():
        yield from _pieces(key, tuple(members))


def _pieces(key: str, members: tuple[str, ...]) -> Iterable[Piece]:
    for begin in range(0, max(len(members), 1), MEMBERS_PER_PAGE // 2):
        yield Piece(key, members[begin : begin + MEMBERS_PER_PAGE // 2])


def _tells_members(token: Token) -> bool:
    return token.kind == "groups" and "members" in (token.select or ())


def _show(call: Call, token: Token, piece: Piece, *, quirks: bool) -> Iterable[Json]:
    directory = call.tenant.directory
    record = getattr(directory, token.kind).get(piece.id)
    if record is None:
        if not token.reading:
            reason = "changed" if piece.id in directory.deleted else "deleted"
            yield {"id": piece.id, "@removed": {"reason": reason}}
        return
    select = None if token.select is None else tuple(dict.fromkeys(("id", *token.select)))
    shown = render(record, _KIND[token.kind], select)
    if piece.members and _visible(call, record):
        rows = [_member(directory, record, key) for key in piece.members]
        if quirks and not token.reading:
            # Replayed and out of order: what was before comes once more, after what is.
            rows += [_opposite(directory, row) for row in rows]
        shown["members@delta"] = rows
    yield shown


def _visible(call: Call, group: Group) -> bool:
    return group.visibility != HIDDEN or "Member.Read.Hidden" in call.bearer.roles


def _member(directory: Directory, group: Group, key: str) -> Json:
    found = directory.get(key) or (directory.deleted[key].user if key in directory.deleted else None)
    shown: Json = {"@odata.type": KINDS[type(found)].odata_type} if found else {}
    shown["id"] = key
    # A soft-deleted person still counts as a member (microsoft.md 2.7, known defects).
    kept = key in directory.deleted and group.id in directory.deleted[key].groups
    if key not in group.members and not kept:
        shown["@removed"] = {"reason": "deleted"}
    return shown


def _opposite(directory: Directory, row: Json) -> Json:
    turned = {name: value for name, value in row.items() if name != "@removed"}
    if "@removed" not in row:
        turned["@removed"] = {"reason": "deleted"}
    elif directory.get(row["id"]) is None:
        return row
    return turned


def _unfinished(call: Call, token: Token, rows: list[Json], skip: int) -> Json:
    link = f"{_address(call)}?$skiptoken={encode(_moved(token, skip=skip))}"
    return {"@odata.context": _context(call, token), "@odata.nextLink": link, "value": rows}


def _finished(call: Call, token: Token, rows: list[Json]) -> Json:
    issued = call.cloud.now().timestamp()
    done = _moved(token, start=token.end, skip=None, reading="", issued=issued)
    link = f"{_address(call)}?$deltatoken={encode(done)}"
    return {"@odata.context": _context(call, token), "@odata.deltaLink": link, "value": rows}


def _moved(token: Token, **changes: Any) -> Token:
    return Token(**{name: getattr(token, name) for name in token.__struct_fields__} | changes)


def _address(call: Call) -> str:
    return f"{call.cloud.base_url}{call.asked.path}"


def _context(call: Call, token: Token) -> str:
    return call.context(token.kind, token.select)


routes: list[BaseRoute] = [
    *(
        route
        for name, handler in (("users", users), ("groups", groups), ("devices", devices))
        for path in (f"/{name}/delta", f"/{name}/delta()")
        for route in operation("GET", path, handler, name=f"/{name}/delta")
    ),
]
