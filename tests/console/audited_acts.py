"""Every act with the audit row that it must leave, the end of the connection last; and the pages that only show."""

from tests.console.audited_connectors import CONNECTORS
from tests.console.audited_console import CONSOLE
from tests.console.audited_resolver import RESOLVER
from tests.console.audited_stage import Audited
from tests.console.audited_web import WEB

ACTS: list[Audited] = [
    *CONSOLE,
    *RESOLVER,
    *WEB,
    *CONNECTORS,
    (
        "console:disconnect",
        lambda s: s.post("console:disconnect", name=s.tenant_name()),
        "tenant.disconnecting",
        ("connection", "consented", "disconnecting"),
    ),
    (
        "console:disconnect-finish",
        lambda s: s.post("console:disconnect-finish"),
        "tenant.disconnected",
        ("connection", "disconnecting", "disconnected"),
    ),
]
LOOKING = {
    "connectors:spared", "groups:way", "groups:search",
    "console:dashboard", "console:threats", "console:threat", "console:devices", "console:device",
    "console:why", "console:scans", "console:scan", "console:scan-device", "intune:fail-mode",
    "console:account", "console:brake", "console:enrollment", "console:invitations", "console:audit",
    "console:audit-event", "console:application-keys",
    "console:vulnerabilities", "console:vulnerability", "console:app-rules", "console:intelligence",
    "console:web-protection", "console:web-lists",
    "console:file-rules", "console:file-rules-show",
    "console:feed",
    "connectors:overview", "connectors:pushes",
    "deliveries:page", "deliveries:destination", "deliveries:undelivered", "deliveries:letter",
    "intune:group-search", "intune:group-inside", "intune:access", "intune:handouts", "intune:unsupported",
    "partner:page",
    "notifications:page",
}  # fmt: skip
