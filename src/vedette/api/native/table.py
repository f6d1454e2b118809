"""Every address of the API, and finding the one that a path names."""

from collections.abc import Iterable, Mapping
from typing import Final

from vedette.api.native.route import PREFIX, Route
from vedette.api.native.routes_devices import DEVICE_ROUTES
from vedette.api.native.routes_enrollment import ENROLLMENT_ROUTES
from vedette.api.native.routes_policy import POLICY_ROUTES
from vedette.api.native.routes_scans import SCAN_ROUTES
from vedette.api.native.routes_threats import THREAT_ROUTES

ROUTES: Final[tuple[Route, ...]] = (
    *DEVICE_ROUTES,
    *THREAT_ROUTES,
    *POLICY_ROUTES,
    *ENROLLMENT_ROUTES,
    *SCAN_ROUTES,
)

Found = tuple[Mapping[str, Route], Mapping[str, str]]


class Atlas:
    """The routes by the parts of their paths."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_shape: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            shape = tuple("*" if part.startswith("{") else part for part in _parts(PREFIX + route.path))
            self._by_shape.setdefault(shape, {})[route.method] = route

    def find(self, path: str) -> Found | None:
        """Return the routes of an address by method, with the IDs in it as they were written."""
        parts = _parts(path)
        for shape, routes in self._by_shape.items():
            if len(shape) == len(parts) and all(
                known in {"*", part} for known, part in zip(shape, parts, strict=True)
            ):
                names = next(iter(routes.values())).names
                ids = [part for known, part in zip(shape, parts, strict=True) if known == "*"]
                return routes, dict(zip(names, ids, strict=True))
        return None


def _parts(path: str) -> list[str]:
    return path.removeprefix("/").split("/")
