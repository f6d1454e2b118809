"""Application permissions of Microsoft Graph: ids (microsoft.md, appendix A) and the words of consent."""

import json
from dataclasses import dataclass
from importlib.resources import files

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
INTUNE_API_APP = "c161e42e-d4df-4a3d-9b42-e7a3c31f59d4"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
INTUNE_AUDIENCE = "https://api.manage.microsoft.com/"
RESOURCES = {GRAPH_AUDIENCE: "graph", INTUNE_AUDIENCE: "intune"}
"""Audience of a token to the resource whose roles it may carry."""


@dataclass(frozen=True, slots=True)
class Permission:
    """An app role of Microsoft Graph."""

    id: str
    title: str
    description: str
    resource: str = "graph"
    """Whose app role it is: `graph` or `intune` (the Intune API)."""


_ROWS = json.loads(files("vedette_lab").joinpath("data/permissions.json").read_text("utf-8"))
PERMISSIONS: dict[str, Permission] = {name: Permission(**row) for name, row in _ROWS.items()}
"""By the value that appears in `roles`."""

DELEGATED = {
    "openid": ("Sign you in", "Allows users to sign in to the app with their work or school accounts."),
    "profile": ("View users' basic profile", "Allows the app to see users' basic profile (name, user name)."),
    "email": ("View users' email address", "Allows the app to read users' primary email address."),
    "User.Read": (
        "Sign in and read user profile",
        "Allows users to sign in, and the app to read their profile.",
    ),
}
"""Delegated permissions that a user may consent to alone."""
