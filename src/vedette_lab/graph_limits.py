"""Graph's own limits: so much per application and tenant in windows of time (microsoft.md 2.9).

Off until the control API switches them on. A window begins with the first call after the last one ended; what is
over is refused with the seconds until it ends. Identity counts resource units (and writes), Intune requests (and
writes), conditional access one call a second of all applications together, without Retry-After.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

IDENTITY: Final = "identity"
INTUNE: Final = "intune"
POLICY: Final = "policy"
WRITES: Final = "_writes"

# Resource units in ten seconds, by the number of people in the tenant.
SIZES: Final = ((50, 3500.0), (500, 5000.0), (math.inf, 8000.0))
DOCUMENTED: Final[Mapping[str, tuple[float, float]]] = {
    IDENTITY: (SIZES[0][1], 10.0),
    IDENTITY + WRITES: (3000.0, 150.0),
    INTUNE: (2000.0, 20.0),
    INTUNE + WRITES: (200.0, 20.0),
    POLICY: (1.0, 1.0),
}
FROM: Final = 0.8
HIGHEST: Final = 1.8

UNITS: Final[Mapping[str, int]] = {
    "members": 3,
    "transitiveMembers": 5,
    "users": 2,
    "getMemberGroups": 2,
    "checkMemberGroups": 4,
    "getByIds": 3,
}
ASKING: Final = frozenset({"getMemberGroups", "checkMemberGroups", "getMemberObjects", "getByIds"})
SMALL_PAGE: Final = 20


class TooManyError(Exception):
    """A request beyond a limit; `headers` are those of its refusal."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
        super().__init__("Too many requests.")


@dataclass(slots=True)
class _Window:
    ends: float = 0.0
    used: float = 0.0


@dataclass
class Limits:
    """The limits in force (`given` overrides what is documented) and what was used up."""

    on: bool = False
    given: dict[str, tuple[float, float]] = field(default_factory=dict)
    _windows: dict[tuple[str, ...], _Window] = field(default_factory=dict)

    def set(self, *, on: bool, given: Mapping[str, tuple[float, float]]) -> None:
        """Switch, and begin to count anew."""
        self.on, self.given = on, dict(given)
        self._windows.clear()

    def of(self, name: str, people: int = 0) -> tuple[float, float]:
        """Return a limit and its seconds for a tenant with so many people."""
        if name in self.given:
            return self.given[name]
        if name == IDENTITY:
            return next(units for most, units in SIZES if people < most), DOCUMENTED[IDENTITY][1]
        return DOCUMENTED[name]

    def take(self, tenant_id: str, app_id: str, people: int, cost: "Cost") -> dict[str, str]:
        """Count one request and return the headers of its answer. TooManyError when it is one too many."""
        headers = {"x-ms-resource-unit": str(cost.units)} if cost.service == IDENTITY else {}
        if not self.on:
            return headers
        share, fullest = 0.0, cost.service
        for name, amount in cost.charged():
            owner = (tenant_id,) if name == POLICY else (tenant_id, app_id)
            most, seconds = self.of(name, people)
            window = self._windows.setdefault((name, *owner), _Window())
            now = monotonic()
            if now >= window.ends:
                window.ends, window.used = now + seconds, 0.0
            window.used += amount
            if window.used > most:
                raise _too_many(name, min(window.used / most, HIGHEST), window.ends - now, owner)
            if window.used / most > share:
                share, fullest = window.used / most, name
        if share >= FROM and cost.service != POLICY:
            headers |= _told(fullest, share, (tenant_id, app_id))
        return headers


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request is counted for."""

    service: str
    units: int
    writes: bool

    def charged(self) -> list[tuple[str, int]]:
        """Name the windows and what is counted in each."""
        found = [(self.service, self.units)]
        if self.writes and self.service != POLICY:
            found.append((self.service + WRITES, 1))
        return found


def cost(method: str, path: str, query: Mapping[str, str]) -> Cost:
    """Say what a request costs: resource units in the directory, else one."""
    segments = [part for part in path.split("/") if not part.startswith("microsoft.graph.")]
    writes = method != "GET" and segments[-1] not in ASKING
    if "/deviceManagement" in path or "/deviceAppManagement" in path or segments[-1] == "managedDevices":
        return Cost(INTUNE, 1, writes)
    if "/identity/" in path or "/identityProtection/" in path:
        return Cost(POLICY, 1, writes)
    units = UNITS.get(segments[-1], 1) - ("$select" in query) + ("$expand" in query)
    top = query.get("$top", "")
    units -= top.isdigit() and int(top) < SMALL_PAGE
    return Cost(IDENTITY, max(1, units), writes)


def _told(name: str, share: float, owner: tuple[str, ...]) -> dict[str, str]:
    kind = "Write" if name.endswith(WRITES) else "ReadWrite"
    scope = "Tenant_Application" if len(owner) > 1 else "Tenant"
    return {
        "x-ms-throttle-limit-percentage": f"{share:.2f}",
        "x-ms-throttle-scope": "/".join((scope, kind, *reversed(owner))),
    }


def _too_many(name: str, share: float, left: float, owner: tuple[str, ...]) -> TooManyError:
    if name == POLICY:
        return TooManyError({})
    why = "WriteLimitExceeded" if name.endswith(WRITES) else "ResourceUnitLimitExceeded"
    headers = {"Retry-After": str(max(1, math.ceil(left))), "x-ms-throttle-information": why}
    return TooManyError(headers | _told(name, share, owner))
