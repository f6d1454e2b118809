"""Pure: which of Graph's limits a request is counted against, and with how much (microsoft.md 2.9)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

IDENTITY: Final = "identity"
INTUNE: Final = "intune"
POLICY: Final = "policy"
SERVICES: Final = (IDENTITY, INTUNE, POLICY)

# Resource units by the last part of the path; everything else costs one.
_UNITS: Final = {
    "members": 3,
    "transitiveMembers": 5,
    "users": 2,
    "getMemberGroups": 2,
    "checkMemberGroups": 4,
    "getByIds": 3,
}
_SMALL_PAGE: Final = 20
# Questions that are asked by POST because they are long.
_ASKING: Final = frozenset(
    {"getMemberGroups", "checkMemberGroups", "getMemberObjects", "checkMemberObjects", "getByIds"}
)


@dataclass(frozen=True)
class Charge:
    """What a request, or a batch of them, uses up of one service's limits."""

    service: str
    units: float
    writes: int

    def __add__(self, other: "Charge") -> "Charge":
        """Put two requests to the same service together."""
        assert self.service == other.service
        return Charge(self.service, self.units + other.units, self.writes + other.writes)


def charge(method: str, address: str) -> Charge:
    """Say what a request costs; ADDRESS is a path or a whole address, with its options."""
    path, _, query = address.partition("?")
    rest, _, last = path.rpartition("/")
    while last.startswith("microsoft.graph."):
        # A cast such as /members/microsoft.graph.user costs what the listing costs.
        rest, _, last = rest.rpartition("/")
    writes = int(method != "GET" and last not in _ASKING)
    service = _service(path)
    return Charge(service, _units(last, query) if service == IDENTITY else 1, writes)


def _service(path: str) -> str:
    if "/deviceManagement" in path or "/deviceAppManagement" in path or path.endswith("/managedDevices"):
        return INTUNE
    if "/identity/" in path or "/identityProtection/" in path:
        return POLICY
    return IDENTITY


def _units(last: str, query: str) -> float:
    units = _UNITS.get(last, 1)
    if query:
        options = dict(parse_qsl(query))
        units -= "$select" in options
        units += "$expand" in options
        top = options.get("$top", "")
        units -= top.isdigit() and int(top) < _SMALL_PAGE
    return max(1, units)
