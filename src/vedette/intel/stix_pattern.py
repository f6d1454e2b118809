"""The part of the STIX patterning language that feeds use for plain indicators (STIX 2.1, part 9)."""

import re
from functools import lru_cache

Comparison = tuple[str, str]
"""Object path in normal spelling (`file:hashes.sha256`) and the value it is compared with."""


class PatternError(ValueError):
    """A pattern that says more than "one of these values"; the message tells what."""


_PATH = r"[A-Za-z][\w-]*:(?:[\w.\-]|'[^'\\]+'|\[\*\])+"
_TEXT = r"'(?:[^'\\]|\\.)*'"
_SIMPLE = re.compile(rf"\s*\[\s*({_PATH})\s*=\s*({_TEXT})\s*\]\s*", re.DOTALL)
_TOKEN = re.compile(rf"\s*({_PATH}|{_TEXT}|!=|<=|>=|[=<>\[\](),]|\w+)", re.DOTALL)
_HASH = re.compile(r"(?:file|x509-certificate):hashes\.|app:cert\.")


def comparisons(pattern: str) -> list[Comparison]:
    """List the values any of which the pattern is about. Raises PatternError.

    Understood: `=` and `IN`, joined by OR in or between brackets. Of comparisons joined by AND the hashes are
    taken, since each identifies its file alone; without a hash, AND is not understood: half a condition
    would match too much.
    """
    simple = _SIMPLE.fullmatch(pattern)
    if simple:
        return [(normal_path(simple[1]), _unquoted(simple[2]))]
    return _Reader(pattern).pattern()


@lru_cache(maxsize=1024)
def normal_path(path: str) -> str:
    """Spell an object path one way: `file:hashes.'SHA-256'` and `file:hashes.sha256` are the same."""
    bare = path.replace("'", "")
    if not _HASH.match(bare):
        return bare
    head, _, algorithm = bare.rpartition(".")
    return f"{head}.{algorithm.replace('-', '').lower()}"


class _Reader:
    """Recursive descent over the tokens of one pattern."""

    def __init__(self, pattern: str) -> None:
        self.tokens: list[str] = []
        position, end = 0, len(pattern.rstrip())
        while position < end:
            match = _TOKEN.match(pattern, position, end)
            if match is None:
                raise PatternError("not a STIX pattern")
            self.tokens.append(match[1])
            position = match.end()
        self.tokens.reverse()

    def pattern(self) -> list[Comparison]:
        found = self._observation()
        while self.tokens:
            self._expect("OR")
            found += self._observation()
        return found

    def _observation(self) -> list[Comparison]:
        self._expect("[")
        found = self._all_of()
        while self._next() == "OR":
            self._expect("OR")
            found += self._all_of()
        self._expect("]")
        return found

    def _all_of(self) -> list[Comparison]:
        parts = [self._comparison()]
        while self._next() == "AND":
            self._expect("AND")
            parts.append(self._comparison())
        if len(parts) == 1:
            return parts[0]
        hashes = [c for part in parts for c in part if _HASH.match(c[0])]
        if not hashes:
            raise PatternError("several conditions joined by AND")
        return hashes

    def _comparison(self) -> list[Comparison]:
        path = self._take()
        if ":" not in path or path.startswith("'"):
            raise PatternError(f"`{path}` is not understood here")
        sign = self._take()
        if sign == "=":
            return [(normal_path(path), _unquoted(self._take()))]
        if sign != "IN":
            raise PatternError(f"the comparison {sign} is not understood")
        self._expect("(")
        values = [_unquoted(self._take())]
        while self._next() == ",":
            self._expect(",")
            values.append(_unquoted(self._take()))
        self._expect(")")
        return [(normal_path(path), value) for value in values]

    def _next(self) -> str:
        return self.tokens[-1] if self.tokens else ""

    def _take(self) -> str:
        if not self.tokens:
            raise PatternError("ends too early")
        return self.tokens.pop()

    def _expect(self, token: str) -> None:
        found = self._take()
        if found != token:
            raise PatternError(f"`{found}` is not understood here")


def _unquoted(token: str) -> str:
    if not token.startswith("'"):
        raise PatternError(f"the value {token} is not a text")
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL) if "\\" in token else token[1:-1]
