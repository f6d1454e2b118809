"""A device-filter rule as a tree: which attribute, which operator, which values.

Attributes, operators and the length limit are those of entra-docs,
concept-condition-filters-for-devices.md (2025-04-08), "Supported operators and device properties".
"""

from dataclasses import dataclass

from vedette_lab.conditional_access.rule_syntax import Kind, RuleError, Token, tokens

MAX_DEPTH = 40

_EQUALITY = ("eq", "ne")
_LISTS = ("in", "notIn")
_CONTAINMENT = ("contains", "notContains")
_ALL = (*_EQUALITY, "startsWith", "notStartsWith", "endsWith", "notEndsWith", *_CONTAINMENT, *_LISTS)
POSITIVE = frozenset({"eq", "startsWith", "endsWith", "contains", "in"})
OPERATORS = {name.lower(): name for name in _ALL}
COLLECTIONS = frozenset({"physicalIds", "systemLabels"})
EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "deviceId": (*_EQUALITY, *_LISTS),
    "displayName": _ALL,
    "deviceOwnership": _EQUALITY,
    "enrollmentProfileName": _ALL,
    "isCompliant": _EQUALITY,
    "manufacturer": _ALL,
    "mdmAppId": (*_EQUALITY, *_LISTS),
    "model": _ALL,
    "operatingSystem": _ALL,
    "operatingSystemVersion": _ALL,
    "physicalIds": _CONTAINMENT,
    "profileType": _EQUALITY,
    "systemLabels": _CONTAINMENT,
    "trustType": _EQUALITY,
    **dict.fromkeys(EXTENSION_ATTRIBUTES, _ALL),
}
_SPELLING = {name.lower(): name for name in ATTRIBUTES}


@dataclass(frozen=True)
class Comparison:
    """`device.attribute -operator values`; a value None stands for `null`."""

    attribute: str
    operator: str
    values: tuple[str | None, ...]

    @property
    def positive(self) -> bool:
        """Whether the operator asks for a match rather than for its absence."""
        return self.operator in POSITIVE

    @property
    def needs_management(self) -> bool:
        """Whether the attribute is one that exists only for managed, compliant or hybrid-joined devices."""
        return self.attribute.startswith("extensionAttribute")

    def __str__(self) -> str:
        shown = ["null" if value is None else f'"{value}"' for value in self.values]
        value = f"[{', '.join(shown)}]" if self.operator in _LISTS else shown[0]
        return f"device.{self.attribute} -{self.operator} {value}"


@dataclass(frozen=True)
class Not:
    """The opposite of a term."""

    term: "Rule"


@dataclass(frozen=True)
class Both:
    """All terms must hold (`and`)."""

    terms: tuple["Rule", ...]


@dataclass(frozen=True)
class Either:
    """One term must hold (`or`)."""

    terms: tuple["Rule", ...]


Rule = Comparison | Not | Both | Either


def parse(rule: str) -> Rule:
    """Read a rule; raises RuleError that says what is wrong and where."""
    return _Parser(tokens(rule)).whole()


class _Parser:
    """Recursive descent; `or` binds weaker than `and`, `and` weaker than `not`."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0
        self.depth = 0

    def whole(self) -> Rule:
        if self.at_a(Kind.END):
            raise RuleError('The rule is empty; write for example device.extensionAttribute1 -eq "value"', 0)
        rule = self.either()
        if not self.at_a(Kind.END):
            raise self.unexpected("'and', 'or' or the end of the rule")
        return rule

    @property
    def here(self) -> Token:
        return self.words[self.at]

    def at_a(self, kind: Kind) -> bool:
        return self.here.kind is kind

    def take(self) -> Token:
        token = self.here
        self.at += 1
        return token

    def unexpected(self, wanted: str) -> RuleError:
        found = self.here
        shown = f"'{found.text}'" if found.text else str(found.kind)
        return RuleError(f"Expected {wanted}, found {shown}", found.position)

    def word(self, *names: str) -> bool:
        found = self.at_a(Kind.WORD) and self.here.text.lower().removeprefix("-") in names
        self.at += found
        return found

    def either(self) -> Rule:
        terms = [self.both()]
        while self.word("or"):
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def both(self) -> Rule:
        terms = [self.term()]
        while self.word("and"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else Both(tuple(terms))

    def term(self) -> Rule:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RuleError(f"The rule is nested deeper than {MAX_DEPTH} levels", self.here.position)
        rule = self.nested()
        self.depth -= 1
        return rule

    def nested(self) -> Rule:
        if self.word("not"):
            return Not(self.term())
        if not self.at_a(Kind.OPEN):
            return self.comparison()
        opened = self.take()
        rule = self.either()
        if not self.at_a(Kind.CLOSE):
            raise RuleError("This parenthesis is never closed", opened.position)
        self.take()
        return rule

    def comparison(self) -> Comparison:
        attribute = self.attribute()
        operator = self.operator(attribute)
        position = self.here.position
        values = self.values() if operator in _LISTS else (self.value(),)
        if None in values and operator not in _EQUALITY:
            raise RuleError(f"null can be compared with -eq or -ne only, not with -{operator}", position)
        return Comparison(attribute, operator, values)

    def attribute(self) -> str:
        if not self.at_a(Kind.WORD):
            raise self.unexpected("a device attribute such as device.model")
        token = self.take()
        prefix, _, name = token.text.partition(".")
        if prefix.lower() != "device" or not name:
            raise RuleError(f"'{token.text}' is not a device attribute; write device.NAME", token.position)
        if name.lower() not in _SPELLING:
            raise RuleError(f"A device filter knows no attribute device.{name}", token.position)
        return _SPELLING[name.lower()]

    def operator(self, attribute: str) -> str:
        token = self.here
        name = OPERATORS.get(token.text.lower().removeprefix("-")) if token.kind is Kind.WORD else None
        if name is None:
            raise self.unexpected(f"an operator ({', '.join('-' + name for name in ATTRIBUTES[attribute])})")
        if name not in ATTRIBUTES[attribute]:
            usable = ", ".join("-" + each for each in ATTRIBUTES[attribute])
            raise RuleError(
                f"device.{attribute} cannot be compared with -{name}; use {usable}", token.position
            )
        self.take()
        return name

    def value(self) -> str | None:
        if self.at_a(Kind.TEXT):
            return self.take().text
        if self.at_a(Kind.WORD) and self.here.text.lower() in {"true", "false", "null"}:
            word = self.take().text.lower()
            return None if word == "null" else word
        raise self.unexpected("a value between double quotes")

    def values(self) -> tuple[str | None, ...]:
        if not self.at_a(Kind.LIST_OPEN):
            raise self.unexpected('a list such as ["one", "two"]')
        self.take()
        found = [self.value()]
        while self.at_a(Kind.COMMA):
            self.take()
            found.append(self.value())
        if not self.at_a(Kind.LIST_CLOSE):
            raise self.unexpected("',' or ']'")
        self.take()
        return tuple(found)
