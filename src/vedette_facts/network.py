"""The network a phone is in, as an app on it can see it. No location: names of networks are sent as hashes."""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vedette_facts.fields import Line, Sha256, Short

Change = Literal["gateway", "dns", "proxy", "security"]
Addresses = Annotated[list[Short], Meta(max_length=20)]


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What came back when the agent called a known address, to see whether somebody sits in between.

    `outcome`: `ok` (the expected answer over TLS), `untrusted` (a chain the system does not trust), `pin_mismatch`
    (a trusted chain without a pinned key), `stripped` (TLS was refused or turned into plain HTTP), `redirected`
    (another page instead of the expected answer over plain HTTP: a captive portal), `failed` (no answer; says nothing).
    `chain`: SHA-256 of the keys (SPKI) of the chain, leaf first.
    """

    host: Line
    outcome: Literal["ok", "untrusted", "pin_mismatch", "stripped", "redirected", "failed"]
    chain: Annotated[list[Sha256], Meta(max_length=10)] = []
    issuer: Line | None = None


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """The connection in use. `ssid` and `bssid` are `network_hash()` of the name unless the organisation opted in.

    `gateway_hardware` is the hash of the gateway's hardware address (ARP or neighbour table). `duplicate_hardware`:
    the same hardware address answers for the gateway and another address. `captive_portal` as the system says.
    `changed`: in what this network differs from what the phone remembers of it (the agent keeps that memory, so
    that it stays on the phone); None on a first visit. `similar_networks`: how many other access points nearby
    bear the same name with another protection. `scanned_ports`: how many ports of the phone were tried by one
    neighbour since the last report.
    """

    kind: Literal["wifi", "mobile", "ethernet", "other"]
    security: Literal["open", "wep", "wpa", "wpa2", "wpa3", "enterprise", "owe"] | None = None
    ssid: Line | None = None
    bssid: Line | None = None
    gateway: Short | None = None
    gateway_hardware: Sha256 | None = None
    duplicate_hardware: bool | None = None
    dns: Addresses | None = None
    proxy: Line | None = None
    proxy_managed: bool | None = None
    private_dns: Line | None = None
    vpn: bool | None = None
    vpn_package: Line | None = None
    captive_portal: bool | None = None
    similar_networks: Annotated[int, Meta(ge=0, le=1000)] | None = None
    scanned_ports: Annotated[int, Meta(ge=0, le=65535)] | None = None
    changed: Annotated[list[Change], Meta(max_length=4)] | None = None
    probes: Annotated[list[Probe], Meta(max_length=10)] = []


def network_hash(name: str, salt: str) -> str:
    """Hash the name of a network with the organisation's salt: same networks are recognised, names are not told.

    `salt`: the device ID, so that hashes of two phones cannot be compared, or what the organisation gives for all.
    """
    return hashlib.sha256(f"{salt}\0{name}".encode()).hexdigest()
