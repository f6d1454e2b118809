"""How a simulated phone is set up, and the network it is in. Pure, and the same for the same seed."""

from collections.abc import Iterable
from random import Random

from vedette_facts.manifest import Manifest
from vedette_facts.network import Network, Probe, network_hash
from vedette_facts.report import App, Platform
from vedette_facts.settings import Profile, Settings

_PERMISSION = "android.permission."
PLACES = ("Head office", "Branch", "Home 2.4", "Home 5", "Warehouse")
PROBE = "probe.vedette.example"
_AT_HOME = 0.8


def settings(platform: Platform, apps: Iterable[App], *, rooted: bool, sideloads: bool) -> Settings:
    """Give its settings: what an application was let into follows from what its manifest offers."""
    if platform == "IOS":
        managed = Profile(
            identifier="com.example.mdm",
            name="Company management",
            signer="Example Company",
            managed=True,
            kinds=["com.apple.mdm"],
        )
        return Settings(profiles=[managed], trusted_developers=[])
    listed = list(apps)
    return Settings(
        selinux="permissive" if rooted else "enforcing",
        verified_boot="orange" if rooted else "green",
        bootloader_locked=not rooted,
        adb_network=False,
        package_verifier=True,
        unknown_source_apps=["org.example.browser"] if sideloads else [],
        accessibility_services=_offering(listed, "BIND_ACCESSIBILITY_SERVICE"),
        device_admins=_offering(listed, "BIND_DEVICE_ADMIN"),
        notification_listeners=_offering(listed, "BIND_NOTIFICATION_LISTENER_SERVICE"),
        disabled_packages=[],
        default_sms="com.google.android.apps.messaging",
        user_certificates=[],
        listening=[],
    )


def network(seed: int, phone_id: str, *, intercepted: bool) -> Network:
    """Give the network in use: Wi-Fi for most, its name as the hash that the phone makes of it."""
    rng = Random(f"{seed} network {phone_id}")
    if rng.random() >= _AT_HOME:
        return Network(
            kind="mobile", vpn=False, captive_portal=False, probes=[_probe(intercepted=intercepted)]
        )
    place, number = rng.choice(PLACES), rng.randrange(1, 250)
    return Network(
        kind="wifi",
        security="enterprise" if place == "Head office" else "wpa2",
        ssid=network_hash(place, phone_id),
        gateway=f"192.168.{number}.1",
        dns=[f"192.168.{number}.1"],
        vpn=False,
        captive_portal=False,
        similar_networks=0,
        changed=[],
        probes=[_probe(intercepted=intercepted)],
    )


def _probe(*, intercepted: bool) -> Probe:
    return Probe(host=PROBE, outcome="untrusted" if intercepted else "ok")


def _offering(apps: Iterable[App], guard: str) -> list[str]:
    wanted = _PERMISSION + guard
    return [f"{app.package}/.Service" for app in apps if wanted in (app.manifest or Manifest()).guards]
