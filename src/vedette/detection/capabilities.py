"""What an Android application could do, read from its manifest: for rules of an organisation and for the weights."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vedette_facts.manifest import Manifest
from vedette_facts.report import App

_P: Final = "android.permission."
PERMISSIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "read_sms": frozenset(
            {_P + "READ_SMS", _P + "RECEIVE_SMS", _P + "RECEIVE_MMS", _P + "RECEIVE_WAP_PUSH"}
        ),
        "send_sms": frozenset({_P + "SEND_SMS"}),
        "call_log": frozenset({_P + "READ_CALL_LOG", _P + "PROCESS_OUTGOING_CALLS"}),
        "make_calls": frozenset({_P + "CALL_PHONE", _P + "ANSWER_PHONE_CALLS"}),
        "contacts": frozenset({_P + "READ_CONTACTS", _P + "GET_ACCOUNTS"}),
        "microphone": frozenset({_P + "RECORD_AUDIO", _P + "CAPTURE_AUDIO_OUTPUT"}),
        "camera": frozenset({_P + "CAMERA"}),
        "location": frozenset({_P + "ACCESS_FINE_LOCATION", _P + "ACCESS_COARSE_LOCATION"}),
        "background_location": frozenset({_P + "ACCESS_BACKGROUND_LOCATION"}),
        "calendar": frozenset({_P + "READ_CALENDAR"}),
        "phone_state": frozenset({_P + "READ_PHONE_STATE", _P + "READ_PHONE_NUMBERS"}),
        "all_files": frozenset({_P + "MANAGE_EXTERNAL_STORAGE"}),
        "overlay": frozenset({_P + "SYSTEM_ALERT_WINDOW"}),
        "install_apps": frozenset({_P + "REQUEST_INSTALL_PACKAGES", _P + "INSTALL_PACKAGES"}),
        "delete_apps": frozenset({_P + "REQUEST_DELETE_PACKAGES", _P + "DELETE_PACKAGES"}),
        "see_all_apps": frozenset({_P + "QUERY_ALL_PACKAGES"}),
        "usage_statistics": frozenset({_P + "PACKAGE_USAGE_STATS"}),
        "full_screen_notices": frozenset({_P + "USE_FULL_SCREEN_INTENT"}),
        "run_unrestricted": frozenset({_P + "REQUEST_IGNORE_BATTERY_OPTIMIZATIONS"}),
        "record_screen": frozenset({_P + "FOREGROUND_SERVICE_MEDIA_PROJECTION", _P + "READ_FRAME_BUFFER"}),
        "start_at_boot": frozenset({_P + "RECEIVE_BOOT_COMPLETED"}),
        "disable_lock": frozenset({_P + "DISABLE_KEYGUARD"}),
        "root": frozenset({_P + "ACCESS_SUPERUSER"}),
        "bluetooth": frozenset({_P + "BLUETOOTH_SCAN", _P + "BLUETOOTH_CONNECT", _P + "BLUETOOTH_ADMIN"}),
        "nfc": frozenset({_P + "NFC"}),
        "internet": frozenset({_P + "INTERNET"}),
        "write_sms": frozenset({_P + "WRITE_SMS"}),
        "see_wifi": frozenset({_P + "ACCESS_WIFI_STATE"}),
        "change_wifi": frozenset({_P + "CHANGE_WIFI_STATE"}),
        "change_access_points": frozenset({_P + "WRITE_APN_SETTINGS"}),
        "other_tasks": frozenset(
            {_P + "GET_TASKS", _P + "RESTART_PACKAGES", _P + "KILL_BACKGROUND_PROCESSES"}
        ),
        "mount_storage": frozenset({_P + "MOUNT_UNMOUNT_FILESYSTEMS"}),
        "add_shortcuts": frozenset(
            {_P + "INSTALL_SHORTCUT", "com.android.launcher.permission.INSTALL_SHORTCUT"}
        ),
        "browsing_history": frozenset({"com.android.browser.permission.READ_HISTORY_BOOKMARKS"}),
        "system_logs": frozenset({_P + "READ_LOGS"}),
        "change_settings": frozenset({_P + "WRITE_SETTINGS"}),
    }
)
GUARDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accessibility": _P + "BIND_ACCESSIBILITY_SERVICE",
        "device_admin": _P + "BIND_DEVICE_ADMIN",
        "read_notifications": _P + "BIND_NOTIFICATION_LISTENER_SERVICE",
        "vpn": _P + "BIND_VPN_SERVICE",
        "keyboard": _P + "BIND_INPUT_METHOD",
        "card_emulation": _P + "BIND_NFC_SERVICE",
        "call_screening": _P + "BIND_SCREENING_SERVICE",
    }
)
CAPABILITIES: Final = frozenset({*PERMISSIONS, *GUARDS, "hidden_icon"})
"""What a rule of an organisation may name."""


def capabilities(app: App) -> frozenset[str] | None:
    """Give what an application could do; None where its manifest is not known.

    Where the phone tells which permissions are granted, only those count: what was refused cannot be done.
    """
    manifest = app.manifest
    if manifest is None:
        return None
    permissions = held(manifest)
    found = {name for name, any_of in PERMISSIONS.items() if permissions & any_of}
    # lists of permissions often hold those that guard components too
    guards = {*manifest.guards, *manifest.requested}
    found |= {name for name, guard in GUARDS.items() if guard in guards}
    if hides_icon(app):
        found.add("hidden_icon")
    return frozenset(found)


def held(manifest: Manifest) -> frozenset[str]:
    """Give the permissions that count, with full names; `READ_SMS` alone is Android's."""
    listed = manifest.requested if manifest.granted is None else manifest.granted
    return frozenset(name if "." in name else _P + name for name in listed)


def hides_icon(app: App) -> bool:
    """Whether an application that is no part of the system shows no icon, so that nobody sees it is there."""
    return app.manifest is not None and app.manifest.launcher is False and not app.system
