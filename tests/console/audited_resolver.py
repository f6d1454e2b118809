"""Acts on a phone's address at the resolver with the audit row that each must leave."""

from tests.console.audited_stage import Audited, Stage
from tests.support.world import ADA

from vedette.feeds import web_settings


def allow_pauses(stage: Stage) -> Stage:
    web_settings.change_settings(stage.scene.tenant_id, {"on": True, "pause_minutes": 30}, ADA)
    return stage


RESOLVER: list[Audited] = [
    (
        "console:device-resolver",
        lambda s: s.post("console:device-resolver", s.phone.id).content.decode(),
        "device.resolver_address_made",
        ("made_at", None, ...),
    ),
    (
        "console:device-resolver-pause",
        lambda s: allow_pauses(s).post("console:device-resolver-pause", s.phone.id, minutes="15"),
        "device.resolver_paused",
        ("paused_until", None, ...),
    ),
    (
        "console:device-resolver-resume",
        lambda s: s.post("console:device-resolver-resume", s.phone.id),
        "device.resolver_resumed",
        ("paused_until", ..., None),
    ),
    (
        "console:device-resolver-withdraw",
        lambda s: s.post("console:device-resolver-withdraw", s.phone.id),
        "device.resolver_address_withdrawn",
        ("made_at", ..., None),
    ),
    (
        "console:resolver",
        lambda s: s.post("console:resolver", sinkhole="", dot_name="dns.contoso.example"),
        "web.resolver_changed",
        ("sinkhole", True, False),
    ),
]
