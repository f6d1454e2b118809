"""Of what a phone reported, only what may be kept is kept: the inventory of a personal phone is matched, then dropped.

What was dropped is not known any more. A later look at what is left must neither take that for clean nor for a blind
spot: the rules that rested on it keep their answers until the phone sends whole facts again, which it is asked for as
soon as intelligence, detectors or rules are other ones.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from vedette.detection import Result
from vedette.detection.sources import Known
from vedette.foundation import database
from vedette.verdict.findings import Observation
from vedette_facts.privacy import Collect, kept, names_in_settings
from vedette_facts.report import Facts

ABOUT_APPLICATIONS: Final = (
    "apps.",
    "device.unknown_sources",
    "device.accessibility",
    "device.device_admin",
    "device.notification_listener",
    "device.security_disabled",
    "device.processes",
)
"""How the rules begin that look at applications, or at settings that name them (vedette_facts.privacy.APP_NAMES)."""


@dataclass(frozen=True)
class Kept:
    """Facts (JSON) in the place of those that were sent.

    `dropped`: rules that rest on more than is left, and whether they had no answer; None where nothing else was judged.
    """

    facts: bytes
    dropped: Mapping[str, bool] | None


def keep(
    sent: Facts | None,
    known: Known,
    collect: Collect,
    answers: Result,
    again: Callable[[Known], Result],
    dropped: Mapping[str, bool] | None,
) -> Kept | None:
    """Say what is to be kept instead of `sent`; None when all of it may be, or what may not was dropped before.

    `known` holds what was judged, with the `answers`; `again` judges what is left.
    """
    if sent is None or known.agent is None:
        return None
    less = kept(known.agent, collect, _named(answers, known.agent))
    if less == sent:
        return None
    if less == known.agent or dropped is not None:
        return Kept(msgspec.json.encode(less), dropped)
    return Kept(msgspec.json.encode(less), _rest_on_more(answers, again(replace(known, agent=less))))


def answered(answers: Result, collect: Collect, dropped: Mapping[str, bool] | None) -> Result:
    """Leave out the answers that only show that facts were dropped, or are not asked for by choice."""
    return Result(tuple(o for o in answers.observations if _counts(o, collect, dropped)), answers.failures)


def _counts(answer: Observation, collect: Collect, dropped: Mapping[str, bool] | None) -> bool:
    if answer.status == "unknown" and collect.applications == "none":
        return not answer.rule.startswith(ABOUT_APPLICATIONS)
    if dropped is None or answer.rule not in dropped or answer.status == "failed":
        return True
    return answer.status == "unknown" and dropped[answer.rule]


def _rest_on_more(whole: Result, less: Result) -> dict[str, bool]:
    before, after = _by_rule(whole), _by_rule(less)
    return {
        rule: any(status == "unknown" for status, *_ in before.get(rule, ()))
        for rule in sorted(before.keys() | after.keys())
        if before.get(rule) != after.get(rule)
    }


def _by_rule(answers: Result) -> dict[str, frozenset[tuple[object, ...]]]:
    rules: dict[str, set[tuple[object, ...]]] = {}
    for o in answers.observations:
        rules.setdefault(o.rule, set()).add((o.status, o.classification, o.key, o.exempt))
    return {rule: frozenset(found) for rule, found in rules.items()}


def _named(answers: Result, facts: Facts) -> frozenset[str]:
    """Name the applications that a finding is about."""
    words = set(_words(answers))
    known = {app.package for app in facts.apps or ()} | names_in_settings(facts.settings)
    return frozenset(known & words)


def _words(answers: Result) -> Iterator[str]:
    for finding in answers.findings:
        for item in finding.evidence:
            yield from item.value.split(", ")
        for part in finding.key.split(":"):
            yield part.partition("@")[0]


def store_reports(kept_facts: Mapping[UUID, Kept], reports: Collection[UUID]) -> None:
    """Put what may be kept of each device in the place of what it sent; inside the writer.

    `reports` were judged just now.
    """
    _write(kept_facts, (_REPORTS,), reports)


def strip_earlier(asked: Mapping[UUID, Collect], reports: Collection[UUID]) -> None:
    """Take from earlier reports of each device what is not asked of it now; inside the writer.

    `reports` were judged just now, and keep what a finding names.
    """
    if not asked:
        return
    given: dict[str, Any] = {
        "tenant": database.current_tenant(),
        "devices": list(asked),
        "apps": [collect.applications != "kept" for collect in asked.values()],
        "names": [not collect.network_names for collect in asked.values()],
        "reports": list(reports),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, given)


def strip_unused(reports: Collection[UUID]) -> None:
    """Take all about applications and networks from reports that counted for nothing; inside the writer.

    They came late, were of another identity or could not be judged: nobody knows what a finding would have named.
    """
    if reports:
        with connection.cursor() as cursor:
            cursor.execute(_UNUSED, {"tenant": database.current_tenant(), "reports": list(reports)})


def store_devices(kept_facts: Mapping[UUID, Kept]) -> None:
    """Keep on each device what may be kept of its facts; inside the writer."""
    _write(kept_facts, (_DEVICES,))


def _write(
    kept_facts: Mapping[UUID, Kept], statements: Sequence[str], reports: Collection[UUID] = ()
) -> None:
    if not kept_facts:
        return
    given: dict[str, Any] = {
        "tenant": database.current_tenant(),
        "devices": list(kept_facts),
        "facts": [item.facts.decode() for item in kept_facts.values()],
        "dropped": [_text(item.dropped) for item in kept_facts.values()],
        "reports": list(reports),
    }
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, given)


def ask_for_whole_facts(devices: Sequence[UUID]) -> None:
    """Let phones send whole facts at their next check-in: "unchanged" would refer to what was dropped."""
    if devices:
        with connection.cursor() as cursor:
            cursor.execute(_ASK, {"tenant": database.current_tenant(), "devices": list(devices)})


def _text(dropped: Mapping[str, bool] | None) -> str | None:
    return None if dropped is None else msgspec.json.encode(dropped).decode()


_GIVEN: Final = """
unnest(%(devices)s::uuid[], %(facts)s::text[], %(dropped)s::text[]) as given(device_id, facts, dropped)
"""

_REPORTS: Final = f"""
update devices_report r set facts = given.facts::jsonb
from {_GIVEN}
where r.tenant_id = %(tenant)s and r.device_id = given.device_id and r.id = any(%(reports)s::uuid[])
"""  # noqa: S608 - only our own names are written in

_NOTHING: Final = '{"apps": null, "apps_complete": false, "settings": null, "network": null}'

# Of an earlier report nobody knows any more what a finding named: nothing about applications stays.
_EARLIER: Final = f"""
update devices_report r set facts = r.facts || '{_NOTHING}'
from unnest(%(devices)s::uuid[], %(apps)s::boolean[], %(names)s::boolean[]) as asked(device_id, apps, names)
where r.tenant_id = %(tenant)s and r.device_id = asked.device_id
  and r.assessed_at is not null and not r.id = any(%(reports)s::uuid[]) and r.facts is not null
  and (asked.apps and (jsonb_typeof(r.facts -> 'apps') = 'array' or jsonb_typeof(r.facts -> 'settings') = 'object')
       or asked.names and (r.facts -> 'network' ->> 'ssid' !~ '^[0-9a-f]{{64}}$'
                           or r.facts -> 'network' ->> 'bssid' !~ '^[0-9a-f]{{64}}$'))
"""  # noqa: S608 - only our own names are written in

_UNUSED: Final = f"""
update devices_report r set facts = r.facts || '{_NOTHING}'
where r.tenant_id = %(tenant)s and r.id = any(%(reports)s::uuid[]) and r.facts is not null
"""  # noqa: S608 - only our own names are written in

_DEVICES: Final = f"""
update devices_device d set facts = given.facts::jsonb, facts_dropped = given.dropped::jsonb
from {_GIVEN}
where d.tenant_id = %(tenant)s and d.id = given.device_id
"""  # noqa: S608 - only our own names are written in

_ASK: Final = """
update devices_devicekey k set last_digest = ''
where k.tenant_id = %(tenant)s and k.device_id = any(%(devices)s::uuid[]) and k.retired_at is null
"""
