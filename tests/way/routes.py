"""Every address of the console, read from the URLconf itself: what is added tomorrow is tested tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from vedette.tenants import access
from vedette.tenants.access import Rule

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """One route: its path with parameters in it, their kinds by name, and who may open it."""

    route: str
    parameters: Mapping[str, str]
    rule: Rule

    @property
    def objects(self) -> list[str]:
        """Names of the parameters that are IDs of objects."""
        return [name for name, kind in self.parameters.items() if kind == "uuid"]

    def path(self, values: Mapping[str, str]) -> str:
        """Give the path with values in the place of its parameters."""
        return "/" + _PARAMETER.sub(lambda found: values[found[2]], self.route)


def addresses() -> list[Address]:
    """Give every address of the console."""
    return list(_walk("", get_resolver().url_patterns))


def _walk(prefix: str, patterns: list[URLPattern | URLResolver]) -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(route, pattern.url_patterns)
            continue
        parameters = {name: kind or "str" for kind, name in _PARAMETER.findall(route)}
        yield Address(route, parameters, access.rule_of(pattern.callback) or Rule("public"))
