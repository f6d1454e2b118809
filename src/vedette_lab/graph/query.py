"""Query options of a request to Graph, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from odata_query import ast

from vedette_lab.graph.errors import GraphError, bad_request, unsupported
from vedette_lab.graph.filtering import ADVANCED, features, matches, parse, properties
from vedette_lab.graph.properties import Kind

KNOWN: Final = frozenset(
    {"$select", "$filter", "$search", "$top", "$count", "$skiptoken", "$orderby", "$expand"}
)
DEFAULT_PAGE: Final = 100
LARGEST_PAGE: Final = 999
INTUNE_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one request."""

    select: tuple[str, ...] | None
    filter: ast._Node | None
    search: tuple[str, str] | None
    order: tuple[str, bool] | None
    """Property and whether it is descending."""
    page_size: int
    count: bool
    offset: int
    eventual: bool
    expand: str = ""
    """A relation whose objects' ids come along: `registeredOwners`, of /devices only."""

    @property
    def narrows(self) -> bool:
        """Tell whether not every record is wanted."""
        return self.filter is not None or self.search is not None

    @property
    def advanced(self) -> bool:
        """Tell whether advanced queries are allowed (ConsistencyLevel: eventual and $count=true)."""
        return self.eventual and self.count


def read(values: Mapping[str, str], headers: Mapping[str, str], *, largest: int = LARGEST_PAGE) -> Query:
    """Read the options. GraphError 400 for one that is unknown or malformed."""
    for name in values:
        if name.startswith("$") and name not in KNOWN:
            raise unsupported(f"The query option '{name}' is not supported by this lab.")
    default = INTUNE_PAGE if largest == INTUNE_PAGE else DEFAULT_PAGE
    eventual = headers.get("consistencylevel", "").lower() == "eventual"
    search = _search(values["$search"], eventual=eventual) if "$search" in values else None
    return Query(
        select=_select(values.get("$select")),
        filter=parse(values["$filter"]) if values.get("$filter") else None,
        search=search,
        order=_order(values.get("$orderby")),
        page_size=_number(values.get("$top"), default, largest),
        count=values.get("$count", "").lower() == "true",
        offset=_offset(values.get("$skiptoken")),
        eventual=eventual,
        expand=_expand(values.get("$expand", "")),
    )


def _expand(text: str) -> str:
    """Read `registeredOwners($select=id)`, the one relation that this lab expands."""
    if text not in {"", "registeredOwners($select=id)"}:
        raise unsupported(f"This lab expands 'registeredOwners($select=id)' only, not '{text}'.")
    return text.partition("(")[0]


def _select(text: str | None) -> tuple[str, ...] | None:
    if not text:
        return None
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _number(text: str | None, default: int, largest: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        message = f"Invalid page size specified: '{text}'. Must be between 1 and {largest} inclusive."
        raise bad_request(message)
    return int(text)


def _offset(token: str | None) -> int:
    """Read our own page token; it is opaque to clients."""
    if token is None:
        return 0
    try:
        return int(token.removeprefix("RFNwdAIAAQ"), 36)
    except ValueError:
        raise GraphError(400, "Directory_ExpiredPageToken", "The specified page token is invalid.") from None


def page_token(offset: int) -> str:
    """Return the token of the page that begins at `offset`."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while offset:
        offset, rest = divmod(offset, 36)
        text = digits[rest] + text
    return f"RFNwdAIAAQ{text or '0'}"


def _order(text: str | None) -> tuple[str, bool] | None:
    if not text:
        return None
    name, _, direction = text.strip().partition(" ")
    return name, direction.strip().lower() == "desc"


def _search(text: str, *, eventual: bool) -> tuple[str, str]:
    """Return property and words of `"displayName:abc"`."""
    if not eventual:
        raise unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    inner = text.strip()
    if len(inner) < 2 or inner[0] != '"' or inner[-1] != '"' or ":" not in inner:  # noqa: PLR2004 -- two quotes
        raise bad_request(f"Syntax error: $search must be \"property:value\" in double quotes, not '{text}'.")
    name, _, words = inner[1:-1].partition(":")
    return name.strip(), words.strip()


def check(query: Query, kinds: tuple[Kind, ...]) -> None:
    """Check the names in a query against the types that may come. GraphError 400 names the first unknown one."""
    if query.expand and kinds[0].name != "microsoft.graph.device":
        raise unsupported(f"'{query.expand}' is no relation of '{kinds[0].name}'.")
    for name in (*(query.select or ()), *(properties(query.filter) if query.filter else ())):
        _known(name, kinds)
    for name in (query.search, query.order):
        if name is not None:
            _known(str(name[0]), kinds)


def check_directory(query: Query) -> None:
    """Check what directory objects do not support. GraphError 400."""
    if query.filter is None:
        return
    used = features(query.filter)
    if "contains" in used:
        raise unsupported("Unsupported property filter clause operator 'contains'.")
    if (used & ADVANCED or any("/" in name for name in properties(query.filter))) and not query.advanced:
        raise unsupported(
            "Operator or property is not supported without the header 'ConsistencyLevel: eventual' and $count=true."
        )


def _known(path: str, kinds: tuple[Kind, ...]) -> None:
    name = path.split("/", maxsplit=1)[0]
    if not any(name in kind.getters for kind in kinds):
        message = f"Could not find a property named '{name}' on type '{kinds[0].name}'."
        raise GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: {message}")


def fits(record: Any, kind: Kind, query: Query, *, ignore_case: bool) -> bool:
    """Tell whether a record passes `$filter` and `$search`."""

    def value(path: str) -> Any:
        name, _, rest = path.partition("/")
        found = kind.getters[name](record) if name in kind.getters else None
        return found.get(rest) if rest and isinstance(found, dict) else found

    if query.filter is not None and not matches(query.filter, value, ignore_case=ignore_case):
        return False
    if query.search is None:
        return True
    text = str(value(query.search[0]) or "").lower()
    # Graph searches by tokens: each word must begin a word of the text.
    return all(
        any(word.startswith(part) for word in _words(text)) for part in _words(query.search[1].lower())
    )


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text).split()
