"""The network: somebody in between, rogue and open Wi-Fi, changes of gateway, resolver and proxy, port scans.

A report tells one moment. What differs from the last visit to the same network is told by the phone, which remembers
its networks itself (`Network.changed`): no history of places is kept here.
"""

from collections.abc import Iterator
from typing import Final

from vedette.detection.detector import Context, fine, found
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.network import Network, Probe
from vedette_facts.report import Facts

MITM: Final = "network.mitm"
ROGUE: Final = "network.rogue_wifi"
OPEN: Final = "network.open_wifi"
GATEWAY: Final = "network.gateway"
PROXY: Final = "network.proxy"
PORT_SCAN: Final = "network.port_scan"
_MANY_PORTS: Final = 20
_WEAK: Final = frozenset({"open", "wep"})
_TAMPERED: Final = frozenset({"untrusted", "pin_mismatch", "stripped"})


def judge(facts: Facts, _context: Context) -> Iterator[Observation]:
    """Judge the connection in use; without one reported there is no rule."""
    network = facts.network
    if network is None:
        return
    yield from _in_between(network)
    yield from _wifi(network)
    yield from _changes(network, facts.device.platform)
    if network.scanned_ports is not None:
        if network.scanned_ports >= _MANY_PORTS:
            yield found("PORT_SCAN", "scan", (Evidence("ports", str(network.scanned_ports), PORT_SCAN),))
        else:
            yield fine(PORT_SCAN, "PORT_SCAN", "scan", "no neighbour tried many ports")


def _in_between(network: Network) -> Iterator[Observation]:
    """A probe over TLS whose chain is not the pinned one, is not trusted, or was stripped, proves tampering.

    A captive portal answers plain HTTP in place of the expected page, and TLS too until one has signed in: while the
    system says that a portal is in the way, an untrusted chain is the portal's and not an attack. A trusted chain
    without the pin is never a portal's doing: that takes an authority that the phone trusts.
    """
    portal = bool(network.captive_portal) or any(p.outcome == "redirected" for p in network.probes)
    for probe in network.probes:
        if probe.outcome in _TAMPERED and not (portal and probe.outcome != "pin_mismatch"):
            yield found("ACTIVE_MITM", "mitm", _tampering(probe))
            return
    if any(probe.outcome == "ok" for probe in network.probes) and not portal:
        yield fine(MITM, "ACTIVE_MITM", "mitm", "probes came back as they should")


def _tampering(probe: Probe) -> tuple[Evidence, ...]:
    return (
        Evidence("outcome", probe.outcome, MITM),
        Evidence("host", probe.host, MITM),
        *((Evidence("issuer", probe.issuer, MITM),) if probe.issuer else ()),
        *(Evidence("chain", digest, MITM) for digest in probe.chain[:1]),
    )


def _wifi(network: Network) -> Iterator[Observation]:
    """Rogue: a name that was protected before, or is protected nearby. Open alone is weaker, and rated so."""
    if network.kind != "wifi":
        yield fine(ROGUE, "ROGUE_WIFI", "rogue", "not on Wi-Fi")
        yield fine(OPEN, "CONNECTIVITY", "open", "not on Wi-Fi")
        return
    signs = []
    if "security" in (network.changed or ()):
        signs.append("was_protected")
    if network.security in _WEAK and network.similar_networks:
        signs.append("protected_nearby")
    if network.duplicate_hardware:
        signs.append("shared_hardware")
    if signs:
        yield found("ROGUE_WIFI", "rogue", (Evidence("signs_of_rogue", ", ".join(signs), ROGUE),))
    elif network.security is not None:
        yield fine(ROGUE, "ROGUE_WIFI", "rogue", "no sign of an impostor")
    if network.security in _WEAK:
        protected = ", VPN" if network.vpn else ""
        yield found("CONNECTIVITY", "open", (Evidence("security", f"{network.security}{protected}", OPEN),))
    elif network.security is not None:
        yield fine(OPEN, "CONNECTIVITY", "open", f"protected with {network.security}")


def _changes(network: Network, platform: str) -> Iterator[Observation]:
    """Judge what the phone remembers otherwise. A first visit proves nothing either way."""
    if platform == "ANDROID" and network.changed is not None:
        changed = [change for change in network.changed if change in {"gateway", "dns"}]
        if changed:
            yield found(
                "GATEWAY_ADDRESS_CHANGE", "gateway", (Evidence("changes", ", ".join(changed), GATEWAY),)
            )
        else:
            yield fine(GATEWAY, "GATEWAY_ADDRESS_CHANGE", "gateway", "gateway and name servers as before")
    if network.proxy and network.proxy_managed is not True:
        yield found("RISKWARE", "proxy", (Evidence("proxy", network.proxy, PROXY),))
    elif network.proxy is not None or network.proxy_managed is not None:
        yield fine(PROXY, "RISKWARE", "proxy", "no proxy but that of the organisation")
