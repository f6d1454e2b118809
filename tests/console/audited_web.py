"""Acts on web protection with the audit row that each must leave."""

from uuid import UUID

from tests.console.audited_stage import Audited, Stage
from tests.support.world import ADA

from vedette.feeds import web_names
from vedette.feeds.models import WebName
from vedette.foundation import database


def listed(stage: Stage) -> UUID:
    """A name of its own on the deny list."""
    batch = web_names.add(stage.scene.tenant_id, "deny", ["bad.example"], ADA).batch
    with database.tenant(stage.scene.tenant_id):
        return WebName.objects.values_list("id", flat=True).get(batch=batch)


WEB: list[Audited] = [
    (
        "console:web-settings",
        lambda s: s.post(
            "console:web-settings", on="on", open_hours="3", pause_minutes="30", own_domains="contoso.com"
        ),
        "web.settings_changed",
        ("open_hours", 1, 3),
    ),
    (
        "console:web-names-add",
        lambda s: s.post("console:web-names-add", on_list="allow", names="good.example", confirmed="1"),
        "web.names_listed",
        ("list", None, "allow"),
    ),
    (
        "console:web-name-remove",
        lambda s: s.post("console:web-name-remove", listed(s)),
        "web.names_removed",
        ("list", "deny", None),
    ),
    (
        "console:web-names-take-back",
        lambda s: s.post(
            "console:web-names-take-back",
            web_names.add(s.scene.tenant_id, "deny", ["worse.example"], ADA).batch,
        ),
        "web.names_removed",
        ("list", "deny", None),
    ),
]
