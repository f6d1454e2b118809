"""How an organisation wants web content judged: its row, and the one place that changes it."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.detection.web import BadAddressError, parse_host
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.feeds.models import WebProtection
from vedette.foundation import clock, database, name_server
from vedette.foundation.name_server import NameServerError

MOST_PAUSE_MINUTES: Final = 24 * 60
MOST_OPEN_HOURS: Final = 7 * 24
MOST_OWN_NAMES: Final = 200
_BRAND: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")


class BadSetting(Exception):  # noqa: N818 - a refusal, told to the person
    """A setting that cannot be saved; `field` is its name, the message says why."""

    def __init__(self, field: str, message: str) -> None:
        """Keep which field it is about."""
        super().__init__(message)
        self.field = field


def settings_of(tenant_id: UUID) -> WebProtection:
    """Read a tenant's settings, or the defaults, not saved. Opens its own door."""
    with database.tenant(tenant_id):
        return current()


def current() -> WebProtection:
    """Read the settings of the open door's tenant, or the defaults, not saved."""
    row = WebProtection.objects.first()
    return row or WebProtection(tenant_id=database.current_tenant(), updated_at=clock.now())


def change_settings(tenant_id: UUID, given: Mapping[str, Any], actor: Actor) -> WebProtection:
    """Save settings by the names of their columns; those not given stay. Raises BadSetting."""
    clean = {name: _clean(name, value) for name, value in given.items()}
    with database.writer(tenant_id):
        row = current()
        changes = [
            change(name, _told(getattr(row, name)), _told(value))
            for name, value in clean.items()
            if getattr(row, name) != value
        ]
        if not changes:
            return row
        for name, value in clean.items():
            setattr(row, name, value)
        row.generation += 1
        row.updated_at = clock.now()
        row.save()
        emit(Draft("web.settings_changed", actor=actor, target=Target("web_protection"), changes=changes))
        return row


def touch() -> None:
    """Count the generation up, inside `database.writer`: what is kept in memory is old then."""
    row = current()
    row.generation += 1
    row.updated_at = clock.now()
    row.save()


def _clean(name: str, value: Any) -> Any:
    clean = _CLEANED.get(name)
    if clean is None:
        raise BadSetting(name, gettext("There is no such setting."))
    return clean(value)


def _within(name: str, value: Any, *, most: int) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise BadSetting(name, gettext("Set a number from 0 to %(most)d.") % {"most": most})
    return number


def _upstream(text: str) -> str:
    text = text.strip()
    try:
        if text:
            name_server.read(text)
    except NameServerError:
        raise BadSetting(
            "upstream",
            gettext(
                "Write https://dns.example/dns-query, tls://dns.example, tcp://192.0.2.53, udp://192.0.2.53 or an IP "
                "address; or leave it empty."
            ),
        ) from None
    return text


def _names(given: Iterable[str]) -> list[str]:
    names = set()
    for text in given:
        try:
            host = parse_host(text.strip())
        except BadAddressError:
            raise BadSetting("own_domains", _no_domain(text)) from None
        if host.is_ip or "." not in host.name:
            raise BadSetting("own_domains", _no_domain(text))
        names.add(host.name)
    if len(names) > MOST_OWN_NAMES:
        raise BadSetting("own_domains", gettext("At most %(most)d are kept.") % {"most": MOST_OWN_NAMES})
    return sorted(names)


def _no_domain(text: str) -> str:
    return gettext("“%(value)s” is no domain like example.com.") % {"value": text.strip()[:80]}


def _brands(given: Iterable[str]) -> list[str]:
    brands = {"".join(text.split()).lower() for text in given} - {""}
    for brand in brands:
        if not _BRAND.fullmatch(brand):
            raise BadSetting(
                "own_brands",
                gettext("“%(value)s” is no name of 3 to 40 letters and digits without accents.")
                % {"value": brand[:80]},
            )
    if len(brands) > MOST_OWN_NAMES:
        raise BadSetting("own_brands", gettext("At most %(most)d are kept.") % {"most": MOST_OWN_NAMES})
    return sorted(brands)


def _told(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


_CLEANED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "on": bool,
    "block_suspicious": bool,
    "keep_addresses": bool,
    "pause_minutes": partial(_within, "pause_minutes", most=MOST_PAUSE_MINUTES),
    "open_hours": partial(_within, "open_hours", most=MOST_OPEN_HOURS),
    "upstream": _upstream,
    "blocked_categories": lambda value: sorted(set(value)),
    "own_domains": _names,
    "own_brands": _brands,
}
