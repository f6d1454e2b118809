"""The routes of Microsoft Graph as published, for the tests that compare lab and service with them."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

BETA_ONLY: Final = {
    "/deviceManagement/managedDevices/{}/detectedApps",
    "/deviceManagement/managedDevices/{}/sendCustomNotificationToCompanyPortal",
}
"""What v1.0 does not have; the service calls them below /beta."""

NOT_EXTRACTED: Final = {
    "POST /$batch": "https://learn.microsoft.com/graph/json-batching",
    "POST /users/{}/sendMail": "https://learn.microsoft.com/graph/api/user-sendmail",
    "POST /users/{}/getMemberObjects": "https://learn.microsoft.com/graph/api/directoryobject-getmemberobjects",
    "PATCH /deviceManagement": "https://learn.microsoft.com/graph/api/intune-deviceconfig-devicemanagement-update",
}
"""Routes that exist and that the extracted metadata leaves out, with their documentation."""


def plain(path: str) -> str:
    """Return a path with `{}` for each object ID: a function's `()` and a cast's type name are left out."""
    parts = path.removesuffix("()").split("/")
    return "/".join(
        "{}" if part.startswith("{") else part for part in parts if "microsoft.graph." not in part
    )


@dataclass
class Routes:
    """The published routes, by plain path."""

    folder: Path

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        stable, beta = (self._read(version) for version in ("v1.0", "beta"))
        return {**stable, **{path: beta[path] for path in BETA_ONLY}}

    def _read(self, version: str) -> dict[str, dict[str, Any]]:
        rows = json.loads((self.folder / f"paths-{version}.json").read_text())
        return {plain(path): row for path, row in rows.items()}

    def has(self, method: str, path: str) -> bool:
        """Tell whether a route is published, or documented though not in the metadata."""
        row = self.rows.get(plain(path))
        return f"{method} {plain(path)}" in NOT_EXTRACTED or (row is not None and method in row["methods"])

    def fits(self, method: str, path: str) -> bool:
        """Tell the same of a path in which `{}` may stand for a relation too, as `/groups/{}/{}`."""
        shape = re.compile("/".join("[^/]+" if part == "{}" else re.escape(part) for part in path.split("/")))
        return self.has(method, path) or any(
            method in row["methods"] for known, row in self.rows.items() if shape.fullmatch(known)
        )

    def options(self, path: str) -> frozenset[str]:
        """Return the query options that reading a path may have."""
        return frozenset(self.rows[plain(path)]["query"])

    def returns(self, path: str) -> tuple[str, bool]:
        """Return the type of what a GET answers, and whether it is a list of it."""
        name = self.rows[plain(path)]["methods"]["GET"]["returns"].removeprefix("Optional[").removesuffix("]")
        kind = name.removesuffix("CollectionResponse")
        return f"{kind[0].lower()}{kind[1:]}", kind != name
