"""Addresses of the connectors' pages, and what their forms send."""

ROOT = "/system/connectors/"
NOBODY = "0b7c6f0e-5d5f-4b57-9a3c-2f6f3f9f9a01"
INTUNE = f"{ROOT}intune/"
TABS = {
    tab: f"{INTUNE}{tab}/"
    for tab in (
        "connection",
        "enrollment",
        "state-sync",
        "unsupported",
        "errors",
        "rules",
        "access",
        "handouts",
    )
}
PUSHES = f"{ROOT}pushes/"
GROUPS = f"{ROOT}groups/"
PHONES = f"{GROUPS}phones/"
SPARED = f"{ROOT}spared/"
ACTIONS = f"{ROOT}actions/"
PAGES = [
    PHONES,
    f"{GROUPS}people/",
    f"{PHONES}off",
    SPARED,
    ACTIONS,
    ROOT,
    *TABS.values(),
    PUSHES,
    f"{PUSHES}export",
    f"{ROOT}partner/",
    f"{ROOT}partner/off",
    f"{ROOT}mail/",
    f"{ROOT}notifications/",
    f"{INTUNE}rules/unknown/",
]
ACTS = [
    f"{INTUNE}connection/beat",
    f"{INTUNE}enrollment/add",
    f"{INTUNE}enrollment/poll",
    f"{INTUNE}enrollment/{NOBODY}/remove",
    f"{INTUNE}access/read",
    f"{INTUNE}errors/{NOBODY}/acknowledge",
    f"{PUSHES}again",
    f"{PUSHES}again/device/{NOBODY}",
    f"{PUSHES}again/group/{NOBODY}",
    f"{ROOT}partner/on",
    f"{ROOT}partner/off",
    f"{ROOT}mail/",
    f"{ROOT}mail/test",
    f"{ROOT}notifications/on",
    f"{ROOT}notifications/off",
    *(f"{PHONES}{act}" for act in ("on", "off", "look", "add", "administrators")),
    f"{ROOT}actions/",
    f"{PHONES}{NOBODY}/levels",
    f"{PHONES}{NOBODY}/remove",
    f"{INTUNE}rules/unknown/open",
    f"{INTUNE}rules/unknown/closed",
    f"{SPARED}add",
    f"{SPARED}{NOBODY}/remove",
    *(TABS[tab] for tab in ("connection", "enrollment", "state-sync", "errors", "rules")),
]
CONNECTION = {
    "heartbeat_minutes": "10",
    "missed_allowed": "3",
    "android_enabled": "on",
    "ios_enabled": "on",
}
SYNC = {"sync_device_status": "on", "sync_threat_status": "on", "attribute_number": "1"}
ENROLLMENT = {
    "poll_minutes": "5",
    "scope": "intune",
    "minimum_android": "10",
    "minimum_ios": "16.0",
    "seen_within_days": "90",
}
