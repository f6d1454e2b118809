"""Words of a device-filter rule: a text becomes tokens that know where they stood.

Syntax of dynamic membership rules: quoted strings, lists, operators with or without a hyphen
(entra-docs, concept-condition-filters-for-devices.md, 2025-04-08).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_LENGTH = 3072


class RuleError(ValueError):
    """The rule cannot be read; `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at character {position + 1})")
        self.position = position


class Kind(StrEnum):
    """What a token is."""

    OPEN = "("
    CLOSE = ")"
    LIST_OPEN = "["
    LIST_CLOSE = "]"
    COMMA = ","
    TEXT = "a quoted value"
    WORD = "a word"
    END = "the end of the rule"


@dataclass(frozen=True)
class Token:
    """One word of the rule; `text` of a quoted value is without quotes and escapes."""

    kind: Kind
    text: str
    position: int


_PUNCTUATION = {
    str(kind): kind for kind in (Kind.OPEN, Kind.CLOSE, Kind.LIST_OPEN, Kind.LIST_CLOSE, Kind.COMMA)
}
_WORD = re.compile(r"-?[A-Za-z][A-Za-z0-9_.]*")


def tokens(rule: str) -> list[Token]:
    """Split a rule; raises RuleError for what no rule can contain."""
    if len(rule) > MAX_LENGTH:
        raise RuleError(f"The rule has {len(rule)} characters; at most {MAX_LENGTH} are allowed", MAX_LENGTH)
    found: list[Token] = []
    at = 0
    while at < len(rule):
        if rule[at].isspace():
            at += 1
            continue
        token, at = _next(rule, at)
        found.append(token)
    found.append(Token(Kind.END, "", len(rule)))
    return found


def _next(rule: str, at: int) -> tuple[Token, int]:
    char = rule[at]
    if char in _PUNCTUATION:
        return Token(_PUNCTUATION[char], char, at), at + 1
    if char in "\"'":
        return _quoted(rule, at)
    if word := _WORD.match(rule, at):
        return Token(Kind.WORD, word.group(), at), word.end()
    raise RuleError(f"{char!r} has no meaning here; a value is written between double quotes", at)


def _quoted(rule: str, start: int) -> tuple[Token, int]:
    """Between double quotes a backtick escapes; between single quotes a doubled quote does."""
    quote = rule[start]
    value: list[str] = []
    at = start + 1
    while at < len(rule):
        char = rule[at]
        following = rule[at + 1 : at + 2]
        if (quote == '"' and char == "`" and following) or (char == quote == "'" == following):
            value.append(following)
            at += 2
        elif char == quote:
            return Token(Kind.TEXT, "".join(value), start), at + 1
        else:
            value.append(char)
            at += 1
    raise RuleError("The quote that opens here is never closed", start)
