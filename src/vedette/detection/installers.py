"""Who may install applications on Android without its counting as side-loading (detection.md 2)."""

STORES = frozenset(
    {
        "com.android.vending",  # Google Play
        "com.google.android.feedback",  # Google Play on old devices
        "com.sec.android.app.samsungapps",
        "com.huawei.appmarket",
        "com.xiaomi.mipicks",
        "com.xiaomi.market",
        "com.oppo.market",
        "com.heytap.market",
        "com.vivo.appstore",
        "com.bbk.appstore",
        "com.amazon.venezia",
        "org.fdroid.fdroid",
        "org.fdroid.basic",
        "com.aurora.store",
    }
)
MANAGEMENT = frozenset(
    {
        "com.microsoft.windowsintune.companyportal",
        "com.google.android.apps.work.clouddpc",
        "com.airwatch.androidagent",
        "com.mobileiron",
        "com.sec.android.app.kme",
    }
)
BY_HAND = frozenset(
    {
        "com.google.android.packageinstaller",
        "com.android.packageinstaller",
        "com.miui.packageinstaller",
        "com.samsung.android.packageinstaller",
        "com.android.shell",  # adb
        "com.android.chrome",
        "org.mozilla.firefox",
        "com.google.android.documentsui",
        "com.android.documentsui",
        "com.google.android.apps.nbu.files",
    }
)
"""Installers that run on a file the person chose. They are part of the system, and still no store."""


def is_from_store(installer: str | None) -> bool:
    """Tell whether a store or a management agent installed an application."""
    return installer in STORES or installer in MANAGEMENT


def is_side_loaded(installer: str, system: frozenset[str]) -> bool:
    """Tell whether an application installed by `installer` came from outside a store.

    A store, a management agent, or a component of the system (makers have their own updaters) is fine; whatever
    else installed it is not: an application that installs others is what droppers do.
    """
    if installer in BY_HAND:
        return True
    return not is_from_store(installer) and installer not in system
