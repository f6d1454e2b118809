"""What is collected of a phone, in words: the fields of the facts' schema, each with what it is in plain language.

The list cannot leave anything out: `groups()` walks the schema itself, and raises for a field without words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import msgspec.inspect as schema

from vedette_facts.collected_words import FIELDS, GROUPS, NEVER, Words
from vedette_facts.privacy import APP_NAMES, Collect
from vedette_facts.report import Facts

Fate = Literal["kept", "matched", "none", "hashed"]
"""What becomes of a field: kept; matched and then dropped unless a finding names it; not sent; sent as a hash."""

_APP_NAMES: Final = {f"settings.{name}" for name in APP_NAMES} | {"network.vpn_package"}
_NETWORK_NAMES: Final = frozenset({"network.ssid", "network.bssid"})


@dataclass(frozen=True)
class Field:
    """One field of a report: its path in the schema, and what it is."""

    path: str
    words: Words

    @property
    def about_applications(self) -> bool:
        """Whether it tells which applications are on the phone."""
        return self.path.startswith("apps[]") or self.path in _APP_NAMES

    def fate(self, collect: Collect) -> Fate:
        """Say what becomes of it on a phone of which this much is asked."""
        if self.path in _NETWORK_NAMES:
            return "kept" if collect.network_names else "hashed"
        return collect.applications if self.about_applications else "kept"


@dataclass(frozen=True)
class Group:
    """Fields that serve one purpose: `title` and `why` are what people read."""

    key: str
    title: Words
    why: Words
    fields: tuple[Field, ...]


def groups() -> tuple[Group, ...]:
    """Give everything that a report can hold. KeyError for a field of the schema that has no words."""
    fields = [Field(path, FIELDS[path]) for path in paths()]
    return tuple(
        Group(key, title, why, tuple(f for f in fields if group_of(f.path) == key))
        for key, (title, why) in GROUPS.items()
    )


def group_of(path: str) -> str:
    """Name the group of a field: the first part of its path, with manifests and names of applications apart."""
    if path.startswith("apps[].manifest"):
        return "manifest"
    first = path.partition(".")[0].partition("[")[0].partition("_")[0]
    return {"collected": "agent", "apps": "apps"}.get(first, first)


def paths() -> Iterator[str]:
    """Walk the schema of Facts: the path of each field that can hold a value."""
    return _walk(schema.type_info(Facts), "")


def _walk(kind: schema.Type, path: str) -> Iterator[str]:
    if isinstance(kind, schema.UnionType):
        for inner in kind.types:
            if not isinstance(inner, schema.NoneType):
                yield from _walk(inner, path)
    elif isinstance(kind, schema.StructType):
        for field in kind.fields:
            yield from _walk(field.type, f"{path}.{field.encode_name}" if path else field.encode_name)
    elif isinstance(kind, schema.ListType) and isinstance(kind.item_type, schema.StructType):
        yield from _walk(kind.item_type, f"{path}[]")
    elif not isinstance(kind, schema.NoneType):
        yield path


__all__ = ["NEVER", "Fate", "Field", "Group", "Words", "group_of", "groups", "paths"]
