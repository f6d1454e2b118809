"""Application permissions of Microsoft Graph: ids (microsoft.md, appendix A) and the words of consent."""

import json
from dataclasses import dataclass
from importlib.resources import files

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
INTUNE_API_APP = "c161e42e-d4df-4a3d-9b42-e7a3c31f59d4"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
INTUNE_AUDIENCE = "https://api.manage.microsoft.com/"
EXCHANGE_AUDIENCE = "https://outlook.office365.com"
RESOURCES = {GRAPH_AUDIENCE: "graph", INTUNE_AUDIENCE: "intune", EXCHANGE_AUDIENCE: "exchange"}
"""Audience of a token to the resource whose roles it may carry."""
OWNERS = {"graph": GRAPH_APP, "intune": INTUNE_API_APP, "exchange": EXCHANGE_APP}
"""Resource to the application of Microsoft whose roles they are."""


@dataclass(frozen=True, slots=True)
class Permission:
    """An app role of Microsoft Graph."""

    id: str
    title: str
    description: str
    resource: str = "graph"
    """Whose app role it is: `graph`, `intune` (the Intune API) or `exchange` (Office 365 Exchange Online)."""


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
