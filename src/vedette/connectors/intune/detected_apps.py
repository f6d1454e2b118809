"""Applications that Intune found and that carry the name of a known harmful one, once a day (docs/adr/0011).

The list over all phones (v1.0) is read and compared here; only for names that a feed knows Intune is asked whose
phones carry them. That costs one request for a thousand applications and one for each name found, whatever the
number of phones, and no list of what people have installed is kept. Per phone (beta) it would cost one each.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from vedette.connectors.intune import readings
from vedette.connectors.intune.entra_devices import INTUNE_PAGE
from vedette.connectors.intune.readings import Kind
from vedette.devices import managed
from vedette.feeds import families
from vedette.feeds.families import Names, spelling
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph
from vedette_facts.management import MAX_NAMED_APPS, Inventory, NamedApp

DETECTED_APPS: Final = "detected_apps"
PATH: Final = "/deviceManagement/detectedApps"
FIELDS: Final = "id,displayName,version,publisher,platform,deviceCount"
# Beyond so many the feed, or a name that everybody uses, is the trouble: the rest waits for a look at the feed.
MOST_NAMES: Final = 200
_PHONES: Final = ("android", "ios")
_LONGEST: Final = 255


def read(graph: Graph, tenant_id: uuid.UUID) -> dict[str, Any]:
    """Read the applications with a listed name and whose phones carry them, by Intune's device ID."""
    with database.tenant(tenant_id):
        known = families.names()
    listed = 0
    wanted: list[tuple[str, NamedApp]] = []
    for item in graph.pages(PATH, select=FIELDS, top=INTUNE_PAGE):
        listed += 1
        wanted += [(str(item["id"]), app) for app in _suspect(item, known)]
    found: dict[str, list[NamedApp]] = {}
    for key, app in wanted[:MOST_NAMES]:
        # The phones of an application come with little else than their ID.
        for phone in graph.pages(f"{PATH}/{key}/managedDevices", select="id", top=INTUNE_PAGE):
            found.setdefault(str(phone["id"]), []).append(app)
    inventories = {key: msgspec.to_builtins(Inventory(apps=_sorted(apps))) for key, apps in found.items()}
    return {
        "listed": listed,
        "names": len(wanted),
        "asked": min(len(wanted), MOST_NAMES),
        "found": inventories,
    }


def _suspect(item: Mapping[str, Any], known: Names) -> Iterator[NamedApp]:
    name = str(item.get("displayName") or "")[:_LONGEST]
    platform = str(item.get("platform") or "").lower()
    if name and platform.startswith(_PHONES) and spelling(name) in known:
        publisher, version = str(item.get("publisher") or ""), str(item.get("version") or "")
        yield NamedApp(name=name, publisher=publisher[:_LONGEST] or None, version=version[:128] or None)


def _sorted(apps: list[NamedApp]) -> list[NamedApp]:
    """In one order, so that the same inventory is the same text each day."""
    return sorted(apps, key=lambda app: (app.name, app.version or "", app.publisher or ""))[:MAX_NAMED_APPS]


def keep(tenant_id: uuid.UUID, data: Mapping[str, Any]) -> None:
    """Put what was found beside the facts of each phone."""
    with database.writer(tenant_id):
        managed.store_inventories(data["found"], clock.now())


readings.KINDS[DETECTED_APPS] = Kind(read, after=keep)
