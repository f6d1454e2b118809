"""The one table of weights by which an Android application is judged without any list (docs/detection.md).

Points are whole numbers that a person can check by adding them up. Those of permissions say what published
descriptions of harmful families say that they ask for; they are capped, so that they never outweigh a store's review
and never name a kind of harm: the same permissions are asked for by good and bad applications alike (detection.md
1.7). The rest comes from what the application is: components it declares and what of them is switched on, where it came
from, whom it imitates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vedette_facts.report import App

RISKY: Final = 9
"""From so many points on an application is rated as risky."""
HARMFUL: Final = 11
"""From so many on its capabilities name what kind of harm it is made for."""
PERMISSION_CAP: Final = 9
"""So many points at most come from permissions."""
STORE_RELIEF: Final = -4
"""What the review of a store is worth: it is passed by harmful applications too, so it does not excuse everything."""
OLD_TARGET: Final = 23
"""An application made for an older API level gets all its permissions at installation (Android 6.0)."""


@dataclass(frozen=True)
class Seen:
    """What the signals look at: an application, what it can do, and what is switched on for it."""

    app: App
    can: frozenset[str]
    side_loaded: bool = False
    by_app: bool = False
    from_store: bool = False
    public_key: bool = False
    imitates: str | None = None
    accessibility_on: bool = False
    admin_on: bool = False
    notifications_on: bool = False
    default_sms: bool = False
    installed: bool = True
    """Whether it is on a phone; a file that is analysed was installed by nobody."""
    in_file: frozenset[str] = frozenset()
    """What its file shows beyond the manifest (detection/apk.py); an inventory of a phone knows nothing of it."""


@dataclass(frozen=True)
class Signal:
    """One thing that counts. `code` names its words in verdict/terms.py.

    `of_installed`: it tells that an application came to the phone past the stores, which take none like it. A file by
    itself came nowhere: there it would only raise the points of whatever is still being developed.
    """

    code: str
    points: int
    holds: Callable[[Seen], bool]
    is_permission: bool = False
    is_origin: bool = False
    of_installed: bool = False


_POWERFUL: Final = frozenset({"accessibility", "device_admin", "read_notifications", "hidden_icon"})


def _can(*names: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.can.issuperset(names)


def _listens(action: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.app.manifest is not None and action in seen.app.manifest.actions


def _shows(name: str) -> Callable[[Seen], bool]:
    return lambda seen: name in seen.in_file


def _permission(code: str, points: int) -> Signal:
    return Signal(code, points, _can(code), is_permission=True)


SIGNALS: Final = (
    # permissions, capped
    _permission("read_sms", 2),
    _permission("send_sms", 2),
    _permission("call_log", 2),
    _permission("background_location", 2),
    _permission("install_apps", 2),
    _permission("change_access_points", 2),
    _permission("browsing_history", 2),
    _permission("root", 2),
    _permission("write_sms", 1),
    _permission("phone_state", 1),
    _permission("see_wifi", 1),
    _permission("change_wifi", 1),
    _permission("start_at_boot", 1),
    _permission("contacts", 1),
    _permission("make_calls", 1),
    _permission("microphone", 1),
    _permission("location", 1),
    _permission("overlay", 1),
    _permission("other_tasks", 1),
    _permission("mount_storage", 1),
    _permission("add_shortcuts", 1),
    _permission("system_logs", 1),
    _permission("change_settings", 1),
    _permission("disable_lock", 1),
    _permission("delete_apps", 1),
    _permission("all_files", 1),
    _permission("see_all_apps", 1),
    _permission("usage_statistics", 1),
    _permission("full_screen_notices", 1),
    _permission("run_unrestricted", 1),
    _permission("record_screen", 1),
    # components it declares, and those that somebody switched on
    Signal("accessibility", 4, _can("accessibility")),
    Signal("accessibility_on", 3, lambda seen: seen.accessibility_on),
    Signal("device_admin", 2, _can("device_admin")),
    Signal("device_admin_on", 3, lambda seen: seen.admin_on),
    Signal("read_notifications", 1, _can("read_notifications")),
    Signal("read_notifications_on", 3, lambda seen: seen.notifications_on),
    Signal("hidden_icon", 4, _can("hidden_icon")),
    Signal(
        "hears_sms",
        3,
        lambda seen: not seen.default_sms and _listens("android.provider.Telephony.SMS_RECEIVED")(seen),
    ),
    Signal("hears_calls", 1, _listens("android.intent.action.NEW_OUTGOING_CALL")),
    Signal("keyboard", 1, lambda seen: "keyboard" in seen.can and seen.side_loaded),
    # what its file shows, where there is one
    Signal("deceives_tools", 4, _shows("deceives_tools")),
    Signal("broken_signature", 2, _shows("broken_signature")),
    Signal("carries_app", 2, _shows("carries_app")),
    Signal("carries_code", 1, _shows("carries_code")),
    Signal("carries_secret", 1, _shows("carries_secret")),
    # where it comes from, whom it imitates, how it is made
    Signal("side_loaded", 1, lambda seen: seen.side_loaded, is_origin=True, of_installed=True),
    Signal("unknown_origin", 1, lambda seen: seen.app.installer is None, is_origin=True, of_installed=True),
    Signal(
        "by_app",
        2,
        lambda seen: seen.by_app and bool(seen.can & _POWERFUL),
        is_origin=True,
        of_installed=True,
    ),
    Signal("imitates", 4, lambda seen: seen.imitates is not None),
    Signal("public_key", 1, lambda seen: seen.public_key, is_origin=True, of_installed=True),
    Signal(
        "old_target",
        1,
        lambda seen: (
            seen.app.manifest is not None and (seen.app.manifest.target_sdk or OLD_TARGET) < OLD_TARGET
        ),
        is_origin=True,
    ),
    Signal(
        "debuggable",
        1,
        lambda seen: seen.app.manifest is not None and seen.app.manifest.debuggable is True,
        is_origin=True,
        of_installed=True,
    ),
    Signal("from_store", STORE_RELIEF, lambda seen: seen.from_store),
)


@dataclass(frozen=True)
class Score:
    """Points, and the signals that made them, strongest first.

    `behaves`: something holds beyond permissions and origin, so that the kind of harm can be named.
    """

    points: int
    signals: tuple[Signal, ...]
    behaves: bool


def score(seen: Seen) -> Score:
    """Add up what holds."""
    asked = (signal for signal in SIGNALS if seen.installed or not signal.of_installed)
    holding = [signal for signal in asked if signal.holds(seen)]
    permissions = sum(signal.points for signal in holding if signal.is_permission)
    rest = sum(signal.points for signal in holding if not signal.is_permission)
    strongest = sorted(
        (s for s in holding if s.points > 0), key=lambda s: (-s.points, s.is_origin, s.is_permission)
    )
    behaves = any(not s.is_permission and not s.is_origin and s.points > 0 for s in holding)
    return Score(min(permissions, PERMISSION_CAP) + rest, tuple(strongest), behaves)
