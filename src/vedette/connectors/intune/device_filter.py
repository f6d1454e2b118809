"""Pure: the rule of a conditional-access device filter, read and tried on one value of our attribute.

Syntax and operators are those of entra-docs, concept-condition-filters-for-devices.md (2025-04-08). Of all
other attributes nothing is known here, so a rule that looks at them too answers None: it depends.
"""

import re
from dataclasses import dataclass
from typing import Final

MOST_NESTED: Final = 40
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<mark>[()\[\],])
    |"(?P<double>(?:`.|[^"`])*)"
    |'(?P<single>(?:''|[^'])*)'
    |(?P<word>-?[A-Za-z][A-Za-z0-9_.]*))""",
    re.VERBOSE | re.DOTALL,
)
POSITIVE: Final = frozenset({"eq", "startswith", "endswith", "contains", "in"})
NEGATIVE: Final = {
    "ne": "eq",
    "notstartswith": "startswith",
    "notendswith": "endswith",
    "notcontains": "contains",
    "notin": "in",
}
_LITERALS: Final = {"true": "true", "false": "false", "null": None}


class FilterError(ValueError):
    """The rule cannot be read."""


@dataclass(frozen=True)
class Comparison:
    """`device.attribute -operator values`, operator in small letters without its hyphen."""

    attribute: str
    operator: str
    values: tuple[str | None, ...]

    @property
    def positive(self) -> bool:
        """Tell whether a match is asked for, rather than its absence."""
        return self.operator in POSITIVE


@dataclass(frozen=True)
class Combined:
    """Terms joined by `and` or `or`, or one that is turned round by `not`."""

    joint: str
    terms: tuple["Tree", ...]


Tree = Comparison | Combined


def parse(rule: str) -> Tree:
    """Read a rule. Raises FilterError."""
    parser = _Parser(_tokens(rule))
    tree = parser.joined("or")
    if parser.left:
        raise FilterError(f"unexpected {parser.left[0][1]!r}")
    return tree


def comparisons(tree: Tree) -> list[Comparison]:
    """Return every comparison of a rule."""
    if isinstance(tree, Comparison):
        return [tree]
    return [found for term in tree.terms for found in comparisons(term)]


def matches(tree: Tree, attribute: str, value: str | None) -> bool | None:
    """Tell whether a device whose ATTRIBUTE holds VALUE (None: nothing) fits; None when it depends on others."""
    if isinstance(tree, Comparison):
        return _compare(tree, value) if tree.attribute.lower() == attribute.lower() else None
    found = [matches(term, attribute, value) for term in tree.terms]
    if tree.joint == "not":
        return None if found[0] is None else not found[0]
    decisive = tree.joint == "or"
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _compare(comparison: Comparison, value: str | None) -> bool:
    operator = NEGATIVE.get(comparison.operator, comparison.operator)
    found = any(_fits(operator, value, wanted) for wanted in comparison.values)
    return found if comparison.positive else not found


def _fits(operator: str, value: str | None, wanted: str | None) -> bool:
    if value is None or wanted is None:
        return value is wanted and operator in {"eq", "in"}
    value, wanted = value.casefold(), wanted.casefold()
    tests = {
        "startswith": value.startswith(wanted),
        "endswith": value.endswith(wanted),
        "contains": wanted in value,
    }
    return tests.get(operator, value == wanted)


def _tokens(rule: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, rule.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise FilterError(f"cannot be read from character {at + 1} on")
        kind = str(token.lastgroup)
        value = token.group(kind)
        if kind == "double":
            value = re.sub(r"`(.)", r"\1", value, flags=re.DOTALL)
        elif kind == "single":
            value = value.replace("''", "'")
        found.append(("text" if kind in {"double", "single"} else kind, value))
        at = token.end()
    return found


class _Parser:
    """Recursive descent: `or` binds weaker than `and`, `and` weaker than `not`."""

    def __init__(self, left: list[tuple[str, str]]) -> None:
        self.left = left
        self.depth = 0

    def joined(self, joint: str) -> Tree:
        """Read terms joined by `or`, or by `and` within."""
        terms = [self._part(joint)]
        while self._word(joint):
            terms.append(self._part(joint))
        return terms[0] if len(terms) == 1 else Combined(joint, tuple(terms))

    def _part(self, joint: str) -> Tree:
        return self.joined("and") if joint == "or" else self._term()

    def _term(self) -> Tree:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise FilterError("nested too deeply")
        try:
            if self._word("not"):
                return Combined("not", (self._term(),))
            if not self._mark("("):
                return self._comparison()
            tree = self.joined("or")
            if not self._mark(")"):
                raise FilterError("a parenthesis is not closed")
            return tree
        finally:
            self.depth -= 1

    def _comparison(self) -> Comparison:
        kind, word = self._take()
        prefix, _, attribute = word.partition(".")
        if kind != "word" or prefix.lower() != "device" or not attribute:
            raise FilterError(f"{word!r} is no attribute of a device")
        kind, word = self._take()
        operator = word.lower().removeprefix("-")
        if kind != "word" or operator not in POSITIVE | NEGATIVE.keys():
            raise FilterError(f"{word!r} is no operator")
        return Comparison(attribute, operator, self._values())

    def _values(self) -> tuple[str | None, ...]:
        if not self._mark("["):
            return (self._value(),)
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        if not self._mark("]"):
            raise FilterError("a list is not closed")
        return tuple(values)

    def _value(self) -> str | None:
        kind, word = self._take()
        if kind == "text":
            return word
        if kind == "word" and word.lower() in _LITERALS:
            return _LITERALS[word.lower()]
        raise FilterError(f"{word!r} is no value")

    def _take(self) -> tuple[str, str]:
        if not self.left:
            raise FilterError("it ends too early")
        return self.left.pop(0)

    def _word(self, word: str) -> bool:
        here = self.left[:1]
        found = bool(here) and here[0][0] == "word" and here[0][1].lower().removeprefix("-") == word
        return bool(found and self.left.pop(0))

    def _mark(self, mark: str) -> bool:
        return bool(self.left[:1] == [("mark", mark)] and self.left.pop(0))
