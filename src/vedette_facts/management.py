"""What device management (Intune) says of a phone: typed facts beside those that the phone reports itself.

`None` means "not known" everywhere; it never means "no". There is no package name in an inventory of Intune: an
application is known by what it calls itself (Graph `detectedApp`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from vedette_facts.report import Facts

MAX_NAMED_APPS = 200

Line = Annotated[str, Meta(max_length=255)]


class ManagedFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What Intune says of a managed phone (Graph `managedDevice`), as of its last synchronisation."""

    os_version: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    security_patch: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")] | None = None
    encrypted: bool | None = None
    jailbroken: bool | None = None
    ownership: Annotated[str, Meta(max_length=64)] | None = None


class NamedApp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An application that Intune found on a phone: its own name, maker and version."""

    name: Line
    publisher: Line | None = None
    version: Annotated[str, Meta(max_length=128)] | None = None


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """Applications that Intune found and that carry the name of a known harmful one; empty when it found none."""

    apps: Annotated[list[NamedApp], Meta(max_length=MAX_NAMED_APPS)] = []


class WholeFacts(Facts, frozen=True, kw_only=True):
    """Facts of all sources of one phone; `named_apps` None means that no inventory of Intune is known."""

    named_apps: Inventory | None = None
