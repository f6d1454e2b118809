"""Who may do what: the permission matrix of reference/lookout.md 1.6 as data, for the two levels of B1.

Where the source is uncertain (application keys) requirement B1 rules: absent for restricted access. Scans have no row
there; nearest is Research, which restricted access does not see either: what is uploaded tells of a person's life.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Module = Literal[
    "dashboard",
    "threats",
    "devices",
    "scans",
    "policy",
    "account",
    "admins",
    "device_groups",
    "connectors",
    "enrollment",
    "audit",
    "application_keys",
    "preferences",
]
Right = Literal["none", "view", "modify"]
Level = Literal["full", "restricted"]

MATRIX: Final[Mapping[Module, Mapping[Level, Right]]] = {
    "dashboard": {"full": "modify", "restricted": "modify"},
    "threats": {"full": "modify", "restricted": "modify"},
    "devices": {"full": "modify", "restricted": "modify"},
    "scans": {"full": "modify", "restricted": "none"},
    "policy": {"full": "modify", "restricted": "view"},
    "account": {"full": "modify", "restricted": "view"},
    "admins": {"full": "modify", "restricted": "view"},
    "device_groups": {"full": "modify", "restricted": "view"},
    "connectors": {"full": "modify", "restricted": "none"},
    "enrollment": {"full": "modify", "restricted": "none"},
    "audit": {"full": "modify", "restricted": "modify"},
    "application_keys": {"full": "modify", "restricted": "none"},
    "preferences": {"full": "modify", "restricted": "modify"},
}

OWN_ACTIVITY_ONLY: Final[frozenset[Level]] = frozenset({"restricted"})
"""Note 2 of the matrix: in the audit trail these see and export only what they did themselves."""

_ORDER: Final[Mapping[Right, int]] = {"none": 0, "view": 1, "modify": 2}


def allows(level: Level, module: Module, right: Right) -> bool:
    """Tell whether an access level includes a right on a module."""
    return _ORDER[MATRIX[module][level]] >= _ORDER[right]
