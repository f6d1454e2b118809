"""The organisation's own lists of names: reading what people give, adding, removing, taking back."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import get_language, gettext

from vedette.detection.web import BadAddressError, parse_address
from vedette.detection.web.brands import known
from vedette.detection.web.categories import LISTED
from vedette.detection.web.suffixes import bundled
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.feeds import web_settings
from vedette.feeds.models import WebName
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.verdict.web_words import TERMS

MOST_NAMES: Final = 50_000
MOST_AT_ONCE: Final = 20_000
LARGEST_FILE: Final = 1024 * 1024

_HOSTS_FILE: Final = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+(\S+)")
_LONGEST_NOTE: Final = 500
_TOLD: Final = 20
_NEEDED: Final = ("microsoft", "apple", "google")
"""Without their hosts phones sign in nowhere, and get no notifications and no updates."""


class BadNames(Exception):  # noqa: N818 - a refusal, told to the person
    """Names that cannot be listed; the message says why."""


@dataclass(frozen=True)
class Read:
    """What a text holds: names in their normal form, and the lines that are none with the reason."""

    names: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Added:
    """What an addition amounted to; `batch` takes it back."""

    new: int
    already: int
    batch: UUID


def read(text: str) -> Read:
    """Read names, one a line: defanged, hosts files and the first column of CSV too; `#` begins a remark."""
    names: dict[str, None] = {}
    refused: list[tuple[str, str]] = []
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if match := _HOSTS_FILE.fullmatch(line):
            line = match[1]
        line = re.split(r"[,;\t]", line, maxsplit=1)[0].strip().strip('"')
        if not line or line.lower() in {"domain", "host", "name", "localhost"}:
            continue
        try:
            names[name_of(line)] = None
        except BadNames as error:
            refused.append((line[:80], str(error)))
    return Read(tuple(names), tuple(refused))


def name_of(text: str) -> str:
    """Give the normal form of a host name or IP address, as lists keep it. Raises BadNames."""
    try:
        address = parse_address(text.strip().removeprefix("*.").removeprefix("."))
    except BadAddressError as error:
        why = TERMS[error.code]
        raise BadNames(why.get((get_language() or "en")[:2], why["en"])) from None
    name = address.host.name
    if address.rest.strip("/"):
        raise BadNames(gettext("a list holds whole hosts: leave away what follows the name"))
    if not address.host.is_ip and "." not in name:
        raise BadNames(gettext("a name has a dot in it"))
    if not address.host.is_ip:
        split = bundled().split(name)
        if not split.registrable and not split.private:
            raise BadNames(gettext("every site under this ending would be meant"))
    return name


def needed(names: Iterable[str], own_domains: Collection[str]) -> list[str]:
    """List which names, when blocked, keep phones from working or people from the organisation's own sites."""
    owners = {name for word in _NEEDED for name in known().by_word[word].owners} | set(own_domains)
    return [name for name in names if name in owners]


def add(
    tenant_id: UUID, on_list: str, names: Sequence[str], actor: Actor, *, category: str = "", note: str = ""
) -> Added:
    """Put names, in their normal form, on a list. Outside any door. Raises BadNames."""
    if on_list not in WebName.List.values or (on_list == WebName.List.CATEGORY) != bool(category):
        raise BadNames(gettext("Choose a list, and a category for a list by category."))
    if category and category not in LISTED:
        raise BadNames(gettext("Choose a category from the list."))
    if not names:
        raise BadNames(gettext("There is no name to add."))
    batch, now = new_id(), clock.now()
    with database.writer(tenant_id):
        known_names = set(WebName.objects.filter(on_list=on_list).values_list("name", flat=True))
        new = [name for name in dict.fromkeys(names) if name not in known_names]
        if WebName.objects.count() + len(new) > MOST_NAMES:
            raise BadNames(
                gettext("At most %(most)d names are kept. Use a threat feed for long lists.")
                % {"most": MOST_NAMES}
            )
        WebName.objects.bulk_create(
            WebName(
                tenant_id=tenant_id,
                on_list=on_list,
                name=name,
                category=category,
                note=note.strip()[:_LONGEST_NOTE],
                batch=batch,
                created_by=actor.name,
                created_at=now,
            )
            for name in new
        )
        if new:
            _note("web.names_listed", on_list, new, actor, change("list", None, category or on_list))
    return Added(len(new), len(names) - len(new), batch)


def remove(tenant_id: UUID, name_id: UUID, actor: Actor) -> WebName:
    """Take a name off its list. Outside any door. Raises BadNames."""
    with database.writer(tenant_id):
        row = WebName.objects.filter(id=name_id).first()
        if row is None:
            raise BadNames(gettext("It is on no list any more."))
        row.delete()
        _note(
            "web.names_removed",
            row.on_list,
            [row.name],
            actor,
            change("list", row.category or row.on_list, None),
        )
        return row


def take_back(tenant_id: UUID, batch: UUID, actor: Actor) -> int:
    """Take away what was added together. Outside any door. Raises BadNames."""
    with database.writer(tenant_id):
        rows = list(WebName.objects.filter(batch=batch))
        if not rows:
            raise BadNames(gettext("These names are on no list any more."))
        WebName.objects.filter(batch=batch).delete()
        names = [row.name for row in rows]
        _note("web.names_removed", rows[0].on_list, names, actor, change("list", rows[0].on_list, None))
        return len(rows)


def _note(action: str, on_list: str, names: Sequence[str], actor: Actor, changed: dict[str, object]) -> None:
    """Write what was done; long lists are told by their number and how they begin."""
    web_settings.touch()
    target = Target("web_list", on_list, names[0] if len(names) == 1 else "")
    detail = {"count": len(names), "names": list(names[:_TOLD])}
    emit(Draft(action, actor=actor, target=target, changes=[changed], detail=detail))
