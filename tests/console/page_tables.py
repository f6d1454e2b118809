"""Which access may open and change which page, and where each page is: the tables of the access tests."""

from django.urls import reverse

from vedette.console.setup import urls as setup

NOBODY = "00000000-0000-4000-8000-000000000000"
WAY = "phones"
DESTINATION_PAGES = (
    *("destination", "edit", "test", "now", "on", "off", "secret", "skip", "delete"),
    *("undelivered", "replay-all", "discard-all"),
)
LETTER_PAGES = ("letter", "replay", "discard")
GROUP_PAGES = ("way", "on", "off", "look", "administrators", "add")


def address(name: str, places: dict[str, str]) -> str:
    """The address of a page by its route, filled with the objects it is about."""
    route, _colon, more = name.partition(" ")
    given: dict[str, tuple[str, ...]] = {
        "connectors:spared-remove": (NOBODY,),
        "groups:levels": (WAY, NOBODY),
        "groups:remove": (WAY, NOBODY),
        **dict.fromkeys((f"groups:{act}" for act in GROUP_PAGES), (WAY,)),
        "console:threat": (places["threat"],),
        "console:threat-ignore": (places["threat"],),
        "console:threat-reopen": (places["threat"],),
        "console:device": (places["device"],),
        "console:device-invite": (places["device"],),
        "console:device-release": (places["device"],),
        "console:brake": (places.get("brake", NOBODY),),
        "console:brake-release": (places.get("brake", NOBODY),),
        "console:brake-revert": (places.get("brake", NOBODY),),
        "console:application-key-revoke": (places.get("key", NOBODY),),
        "console:application-key-end-tokens": (places.get("key", NOBODY),),
        **{f"console:device-resolver{act}": (places["device"],) for act in RESOLVER_ACTS},
        "console:device-simulate": (places["device"],),
        "console:device-simulate-end": (places["device"],),
        "console:device-release-end": (places["device"],),
        "console:device-act": (places["device"], more),
        "console:audit-event": (places["event"],),
        "console:vulnerability": (NOBODY,),
        "console:app-entry-remove": (places.get("entry", NOBODY),),
        "console:app-rule-remove": (places.get("rule", NOBODY),),
        **{
            f"console:file-rules-{act}": (places.get("files", NOBODY),)
            for act in ("show", "switch", "delete")
        },
        "console:feed": (NOBODY,),
        "console:web-name-remove": (places.get("web_name", NOBODY),),
        "console:web-names-take-back": (NOBODY,),
        **{f"console:feed-{act}": (NOBODY,) for act in ("subscribe", "refresh", "unsubscribe", "rollback")},
        "console:scan": (places.get("scan", NOBODY),),
        "console:scan-device": (places.get("scan", NOBODY),),
        "console:scan-detach": (places.get("scan", NOBODY),),
        "console:scan-attach": (places.get("scan", NOBODY), places["device"]),
        "console:scan-delete": (places.get("scan", NOBODY),),
        "console:scan-download": (places.get("scan", NOBODY), more or "resync"),
        "console:waiting": (NOBODY,),
        "console:retry": (NOBODY,),
        "console:invitation-renew": (places["invitation"],),
        "console:invitation-revoke": (places["invitation"],),
        "intune:group-remove": (NOBODY,),
        "intune:group-inside": (NOBODY,),
        "deliveries:new": ("resync",),
        **{f"deliveries:{act}": (places.get("destination", NOBODY),) for act in DESTINATION_PAGES},
        **{f"deliveries:{act}": (places.get("destination", NOBODY), NOBODY) for act in LETTER_PAGES},
        "intune:acknowledge": (NOBODY,),
        "connectors:send-device-again": (places["device"],),
        "connectors:send-group-again": (NOBODY,),
    }
    return reverse(route, args=given.get(route, ()))


RESOLVER_ACTS = ("", "-withdraw", "-pause", "-resume")
# What restricted access may do (reference/lookout.md 1.6, requirement B1).
MODIFY = {
    "console:threats", "console:threats-export", "console:threat", "console:threat-ignore",
    "console:threat-reopen", "console:devices", "console:devices-export", "console:device",
    "console:why",
    "console:device-act resync", "console:device-act deactivate", "console:device-act reinstate",
    *(f"console:device-resolver{act}" for act in RESOLVER_ACTS),
    "console:device-act delete", "console:dashboard", "console:brake", "console:audit",
    "console:audit-export", "preferences",
    "console:vulnerabilities", "console:vulnerabilities-export", "console:vulnerability",
}  # fmt: skip
LOOK = {
    "console:web-protection", "console:web-lists", "console:web-settings",
    "console:policy", "console:policy-export", "console:account",
    "console:app-rules", "console:file-rules", "console:file-rules-show",
    "console:privacy", "console:intelligence", "console:feed",
}  # fmt: skip
NOTHING = {
    "console:resolver", "console:web-names-add", "console:web-name-remove", "console:web-names-take-back",
    "intune:fail-mode", "intune:fail-open", "intune:fail-closed",
    "actions:page", "mail:page", "mail:test", "notifications:page", "notifications:on", "notifications:off",
    "connectors:spared", "connectors:spared-add", "connectors:spared-remove",
    "groups:search", "groups:levels", "groups:remove", *(f"groups:{act}" for act in GROUP_PAGES),
    "console:app-entry-add", "console:app-entry-remove", "console:app-rule-add", "console:app-rule-remove",
    "console:file-rules-save", "console:file-rules-switch", "console:file-rules-delete",
    "console:feed-subscribe", "console:feed-refresh", "console:feed-unsubscribe", "console:feed-rollback",
    "console:policy-reset", "console:policy-parameters", "console:arm", "console:monitor",
    "console:enrollment", "console:invite-all", "console:device-invite", "console:waiting",
    "console:device-release", "console:device-release-end", "console:device-simulate",
    "console:device-simulate-end", "console:brake-release", "console:brake-revert",
    "console:disconnect", "console:disconnect-finish",
    "console:application-keys", "console:application-key-new", "console:application-key-revoke",
    "console:application-key-end-tokens",
    "console:scan-device", "console:scan-attach", "console:scan-detach",
    "console:scans", "console:scan-new", "console:scan", "console:scan-delete", "console:scan-download",
    "console:retry", "console:invitation-renew", "console:invitation-revoke", "console:invite-person",
    "console:invitations", "console:enrollment-settings", "console:enrollment-ways", "console:enrollment-code",
    "connectors:overview", "connectors:pushes",
    "connectors:pushes-export", "connectors:send-again", "connectors:send-device-again",
    "connectors:send-group-again", "intune:connection",
    "intune:beat", "intune:enrollment", "intune:group-search", "intune:group-add", "intune:poll",
    "intune:group-remove", "intune:state-sync", "intune:unsupported", "intune:errors", "intune:acknowledge",
    "intune:rules", "intune:handouts", "intune:access", "intune:read", "intune:group-inside",
    "deliveries:page", "deliveries:new", *(f"deliveries:{act}" for act in DESTINATION_PAGES + LETTER_PAGES),
    "partner:page", "partner:on", "partner:off", *(f"console:setup:{name}" for name in setup.PAGES),
}  # fmt: skip
OWN_ONLY = {"console:audit-event"}
ALL = sorted(MODIFY | LOOK | NOTHING | OWN_ONLY)
OF_AN_OBJECT = sorted(
    route for route in ALL if route.split()[0] in {
        *(f"console:device-resolver{act}" for act in RESOLVER_ACTS),
        "console:web-name-remove", "connectors:spared-remove", "groups:levels", "groups:remove",
        "console:app-entry-remove", "console:app-rule-remove",
        "console:file-rules-show", "console:file-rules-switch", "console:file-rules-delete",
        "console:threat", "console:threat-ignore", "console:threat-reopen", "console:device",
        "console:device-act", "console:device-invite", "console:audit-event", "console:waiting",
        "console:device-release", "console:device-release-end", "console:device-simulate",
        "console:device-simulate-end", "console:brake", "console:brake-release", "console:brake-revert",
        "console:retry", "console:invitation-renew", "console:invitation-revoke",
        "console:scan-device", "console:scan-attach", "console:scan-detach",
        "console:scan", "console:scan-delete", "console:scan-download",
        "intune:group-remove", "intune:acknowledge", "connectors:send-device-again",
        "intune:group-inside", *(f"deliveries:{act}" for act in DESTINATION_PAGES + LETTER_PAGES),
        "connectors:send-group-again", "console:application-key-revoke",
        "console:application-key-end-tokens",
    }
)  # fmt: skip
