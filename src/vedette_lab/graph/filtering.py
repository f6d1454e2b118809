"""`$filter`: parsed with odata-query, evaluated on the lab's records (OData 4.01, part 2, 5.1.1)."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException

from vedette_lab.graph.errors import GraphError, unsupported

Read = Callable[[str], Any]
"""Gives the value of a property path such as `extensionAttributes/extensionAttribute1`."""

COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a is not None and a < b,
    ast.LtE: lambda a, b: a is not None and a <= b,
    ast.Gt: lambda a, b: a is not None and a > b,
    ast.GtE: lambda a, b: a is not None and a >= b,
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "contains": lambda text, part: part in text,
}
_CAPITALS = re.compile(r"'(?:[^']|'')*'|\b(?:startswith|endswith|contains)(?=\s*\()", re.IGNORECASE)
ADVANCED = frozenset({"ne", "not", "endswith"})
"""What directory objects answer only with ConsistencyLevel: eventual and $count=true."""


# The parser takes as long for fifteen ids as the rest of the answer.
_IDS = re.compile(r"id in \(('[0-9A-Za-z-]+'(?:,'[0-9A-Za-z-]+')*)\)")
MOST_VALUES = 15


@lru_cache(maxsize=512)
def parse(text: str) -> ast._Node:
    """Return the tree of a filter. GraphError 400 when it is none."""
    if ids := _IDS.fullmatch(text):
        values: list[ast._Literal] = [ast.String(value[1:-1]) for value in ids[1].split(",")]
        _check_count(len(values))
        return ast.Compare(ast.In(), ast.Identifier("id"), ast.List(values))
    from odata_query.grammar import ODataLexer, ODataParser  # noqa: PLC0415 -- building its tables costs 0.2 s

    try:
        tree: ast._Node = ODataParser().parse(ODataLexer().tokenize(_CAPITALS.sub(_lower, text)))
    except ODataException as error:
        raise GraphError(400, "BadRequest", f"Invalid filter clause: {error}") from None
    return tree


def _check_count(count: int) -> None:
    """Refuse more values than Graph compares with."""
    if count > MOST_VALUES:
        raise unsupported(
            "Too many child clauses specified in search filter expression containing 'OR' operators:"
            f" {count}. Max allowed: {MOST_VALUES}."
        )


def values_of(node: ast._Node | None, name: str) -> list[str] | None:
    """Return the values of `NAME eq 'a'` or `NAME in ('a','b')`; None for any other filter."""
    if not isinstance(node, ast.Compare) or properties(node) != {name}:
        return None
    if isinstance(node.comparator, ast.In) and isinstance(node.right, ast.List):
        return [str(getattr(value, "val", "")) for value in node.right.val]
    if isinstance(node.comparator, ast.Eq) and isinstance(node.right, ast.String | ast.GUID):
        return [node.right.val]
    return None


def _lower(match: re.Match[str]) -> str:
    """Lower a function's name, which Graph takes in any case and the parser does not; quoted text stays."""
    return match[0] if match[0].startswith("'") else match[0].lower()


def properties(node: ast._Node) -> set[str]:
    """Return the property paths a filter uses."""
    if isinstance(node, ast.Identifier | ast.Attribute):
        return {_path(node)}
    return {name for child in _children(node) for name in properties(child)}


def features(node: ast._Node) -> set[str]:
    """Return which of the operators `or`, `ne`, `not` and which functions a filter uses."""
    found: set[str] = set()
    if isinstance(node, ast.NotEq):
        found.add("ne")
    elif isinstance(node, ast.Not):
        found.add("not")
    elif isinstance(node, ast.Or):
        found.add("or")
    elif isinstance(node, ast.Call):
        found.add(node.func.name.lower())
    for child in _children(node):
        found |= features(child)
    return found


def matches(node: ast._Node, read: Read, *, ignore_case: bool) -> bool:
    """Tell whether a record fits a filter. GraphError 400 for what Graph does not support."""
    if isinstance(node, ast.BoolOp):
        left = matches(node.left, read, ignore_case=ignore_case)
        if isinstance(node.op, ast.And):
            return left and matches(node.right, read, ignore_case=ignore_case)
        return left or matches(node.right, read, ignore_case=ignore_case)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not matches(node.operand, read, ignore_case=ignore_case)
    if isinstance(node, ast.Compare):
        return _compare(node, read, ignore_case=ignore_case)
    if isinstance(node, ast.Call):
        return _call(node, read, ignore_case=ignore_case)
    if isinstance(node, ast.Identifier | ast.Attribute):
        return _value(node, read, ignore_case=ignore_case) is True
    raise unsupported("The specified filter is not supported for this property.")


def _compare(node: ast.Compare, read: Read, *, ignore_case: bool) -> bool:
    left = _value(node.left, read, ignore_case=ignore_case)
    if isinstance(node.comparator, ast.In):
        _check_count(len(getattr(node.right, "val", ())))
        return left in _value(node.right, read, ignore_case=ignore_case)
    right = _value(node.right, read, ignore_case=ignore_case)
    return COMPARE[type(node.comparator)](left, right)


def _call(node: ast.Call, read: Read, *, ignore_case: bool) -> bool:
    function = FUNCTIONS.get(node.func.name.lower())
    if function is None:
        raise unsupported(f"The function '{node.func.name}' is not supported.")
    values = [_value(argument, read, ignore_case=ignore_case) for argument in node.args]
    if any(value is None for value in values):
        return False
    return function(*values)


def _value(node: ast._Node, read: Read, *, ignore_case: bool) -> Any:
    """Return a literal's or a property's value in a form that compares: text, number, bool, None or a list."""
    if isinstance(node, ast.Identifier | ast.Attribute):
        value = read(_path(node))
    elif isinstance(node, ast.List):
        return [_value(item, read, ignore_case=ignore_case) for item in node.val]
    elif isinstance(node, ast.Null):
        return None
    elif isinstance(node, ast.Boolean):
        return str(node.val).lower() == "true"
    elif isinstance(node, ast.Integer):
        return int(node.val)
    elif isinstance(node, ast.String | ast.GUID | ast.DateTime | ast.Date):
        value = node.val
    else:
        raise unsupported("The specified filter is not supported.")
    return value.lower() if ignore_case and isinstance(value, str) else value


def _path(node: ast._Node) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_path(node.owner)}/{node.attr}"
    assert isinstance(node, ast.Identifier)
    return str(node.name)


def _children(node: ast._Node) -> Iterable[ast._Node]:
    if isinstance(node, ast.BoolOp):
        return (node.op, node.left, node.right)
    if isinstance(node, ast.UnaryOp):
        return (node.op, node.operand)
    if isinstance(node, ast.Compare):
        return (node.comparator, node.left, node.right)
    if isinstance(node, ast.Call):
        return tuple(node.args)
    if isinstance(node, ast.List):
        return tuple(node.val)
    return ()
