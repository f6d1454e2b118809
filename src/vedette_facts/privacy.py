"""What of a phone's facts may leave it, and what may be kept: pure, and the same for service and agent.

By ownership: a phone that belongs to a person has a right to more than one of the organisation (lookout.md 7).
"""

import re
from collections.abc import Collection, Iterable
from typing import Final, Literal

import msgspec

from vedette_facts.network import Network
from vedette_facts.report import Facts
from vedette_facts.settings import Settings

Applications = Literal["kept", "matched", "none"]
"""What becomes of the list of applications: kept; compared with what is known and then dropped; never sent."""

APP_NAMES: Final = (
    "unknown_source_apps",
    "accessibility_services",
    "device_admins",
    "notification_listeners",
    "disabled_packages",
    "default_sms",
    "default_dialer",
    "default_keyboard",
    "processes",
)
"""Settings that name applications: they tell of the inventory, and go its way."""
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Collect(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation asks of one phone. `network_names`: names of Wi-Fi networks as they are, not hashed."""

    applications: Applications = "kept"
    network_names: bool = False


def withheld(facts: Facts, collect: Collect) -> Facts:
    """Leave out what the organisation does not ask for: what an agent does before it sends."""
    if collect.applications == "none":
        facts = _without_applications(facts)
    return facts if collect.network_names else _without_network_names(facts)


def kept(facts: Facts, collect: Collect, named: Collection[str]) -> Facts:
    """Keep of a judged report what may be kept: `named` are the applications that a finding names.

    What is part of the system and installed one of them stays too: without it that one would look side-loaded.
    """
    facts = withheld(facts, collect)
    if collect.applications == "kept":
        return facts
    apps = facts.apps
    if apps is not None:
        installers = {app.installer for app in apps if app.package in named}
        apps = [app for app in apps if app.package in named or (app.system and app.package in installers)]
    return msgspec.structs.replace(
        facts,
        apps=apps,
        apps_complete=False,
        settings=_settings(facts.settings, named),
        network=_network(facts.network, named),
    )


def _without_applications(facts: Facts) -> Facts:
    return msgspec.structs.replace(
        facts,
        apps=None,
        apps_complete=False,
        settings=_settings(facts.settings, frozenset()),
        network=_network(facts.network, frozenset()),
    )


def _network(network: Network | None, named: Collection[str]) -> Network | None:
    """Drop which application is the VPN."""
    if network is None or network.vpn_package is None or network.vpn_package in named:
        return network
    return msgspec.structs.replace(network, vpn_package=None)


def names_in_settings(settings: Settings | None) -> frozenset[str]:
    """List the applications that settings name."""
    values = [getattr(settings, name) for name in APP_NAMES] if settings is not None else []
    listed = (name for value in values if value for name in ([value] if isinstance(value, str) else value))
    return frozenset(name.partition("/")[0] for name in listed)


def _settings(settings: Settings | None, named: Collection[str]) -> Settings | None:
    """Drop names of applications but those given. What is dropped is not known any more: it never means none."""
    if settings is None:
        return None
    changes = {name: _named(getattr(settings, name), named) for name in APP_NAMES}
    return msgspec.structs.replace(settings, **changes)


def _named(value: Iterable[str] | str | None, named: Collection[str]) -> list[str] | str | None:
    if value is None or isinstance(value, str):
        return value if value in named else None
    return [name for name in value if name.partition("/")[0] in named] or None


def _without_network_names(facts: Facts) -> Facts:
    """Drop names that an agent sent as they are: a hash of them is the agent's to make, with its own salt."""
    network = facts.network
    if network is None or not (_is_name(network.ssid) or _is_name(network.bssid)):
        return facts
    clean: Network = msgspec.structs.replace(
        network,
        ssid=None if _is_name(network.ssid) else network.ssid,
        bssid=None if _is_name(network.bssid) else network.bssid,
    )
    return msgspec.structs.replace(facts, network=clean)


def _is_name(value: str | None) -> bool:
    return value is not None and not _HASH.fullmatch(value)
