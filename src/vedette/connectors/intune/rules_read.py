"""Pure: what a tenant's conditional-access and compliance policies do with our values (microsoft.md 1.5, 4.1)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vedette.connectors.intune import device_filter
from vedette.connectors.intune.device_filter import FilterError, Tree
from vedette.connectors.microsoft_apps import ENROLLMENT_APPS
from vedette.verdict.states import ATTRIBUTE, REQUIRED_FOR_MINIMUM, DeviceState

ENABLED: Final = "enabled"
REPORT_ONLY: Final = "report_only"
OFF: Final = "off"
NONE: Final = "none"
_STATES: Final = {"enabled": ENABLED, "enabledForReportingButNotEnforced": REPORT_ONLY, "disabled": OFF}
LEVELS: Final = ("low", "medium", "high")
PHONES: Final = ("android", "ios")
# Without a value: not yet written, withdrawn, or not a phone of ours.
EMPTY: Final = ""
# Notes of a rule that leaves phones of ours out.
_SOME: Final = frozenset({"some_phones", "some_people"})
_TRIED: Final = (*(state.value for state in DeviceState if ATTRIBUTE[state]), EMPTY)
MINIMUM_FOR_REQUIRED: Final[Mapping[str, str]] = {
    str(required.value): minimum for minimum, required in REQUIRED_FOR_MINIMUM.items()
}
"""Intune's "at or under" to the minimum level that is blocked; `high` blocks for no threat (requirement E3)."""


@dataclass(frozen=True)
class Rule:
    """One conditional-access policy as it treats our values.

    ``blocked`` and ``unsure`` name states ("" stands for no value); ``minimum`` is the level from which it blocks, or
    empty; ``notes`` are codes of what deserves a look.
    """

    name: str
    state: str
    text: str = ""
    blocked: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    positive: bool = True
    minimum: str = ""
    covers: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unreadable: str = ""

    @property
    def fail_closed(self) -> bool:
        """Tell whether a phone without a value is blocked."""
        return EMPTY in self.blocked


@dataclass(frozen=True)
class Demand:
    """A compliance policy: which minimum level it blocks from, empty when it never blocks for a threat."""

    name: str
    platform: str
    required: str
    minimum: str
    assigned: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What holds for the tenant: enabled, report_only, off or none; from which level, and without a value."""

    state: str
    minimum: str = ""
    fail_closed: bool = False
    rule: str = ""


def acting(policies: Sequence[Mapping[str, Any]], attribute_number: int, **more: Any) -> list[Rule]:
    """Return the policies whose device filter looks at our attribute, or that compare another with our values.

    ``names``: object ID to name; ``groups``: the object IDs of the enrollment groups.
    """
    return [rule for policy in policies if (rule := _rule(policy, attribute_number, **more))]


def verdict(rules: Sequence[Rule]) -> Verdict:
    """Judge what enforces: among rules that block from a level, the strictest one that is most in force."""
    blocking = [rule for rule in rules if rule.minimum and "other_attribute" not in rule.notes]
    for state in (ENABLED, REPORT_ONLY, OFF):
        found = [rule for rule in blocking if rule.state == state]
        if found:
            strictest = min(found, key=lambda rule: LEVELS.index(rule.minimum))
            return Verdict(state, strictest.minimum, any(rule.fail_closed for rule in found), strictest.name)
    return Verdict(NONE)


def effect(rules: Sequence[Rule]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the states that rules in force block for everybody, and those of which they block some phones only."""
    acting = [rule for rule in rules if rule.state == ENABLED and "other_attribute" not in rule.notes]
    blocked = {state for rule in acting if not _SOME & set(rule.notes) for state in rule.blocked}
    unsure = {state for rule in acting for state in (*rule.blocked, *rule.unsure)}
    return frozenset(blocked), frozenset(unsure - blocked)


def _rule(
    policy: Mapping[str, Any],
    attribute_number: int,
    *,
    names: Mapping[str, str] | None = None,
    groups: Collection[str] = (),
) -> Rule | None:
    conditions = policy.get("conditions") or {}
    filter_ = (conditions.get("devices") or {}).get("deviceFilter") or {}
    text = str(filter_.get("rule") or "")
    if "extensionattribute" not in text.lower():
        return None
    base: dict[str, Any] = {
        "name": str(policy.get("displayName") or policy.get("id") or ""),
        "state": _STATES.get(str(policy.get("state")), OFF),
        "text": text,
        **_people(conditions.get("users") or {}, names or {}),
    }
    try:
        tree = device_filter.parse(text)
    except FilterError as error:
        return Rule(**base, unreadable=str(error))
    attribute = f"extensionAttribute{attribute_number}"
    mine = [each for each in device_filter.comparisons(tree) if each.attribute.lower() == attribute.lower()]
    if not mine:
        return Rule(**base, notes=("other_attribute",)) if "mtd:" in text.lower() else None
    if not _blocks(policy):
        return Rule(**base, notes=("no_block",), positive=all(each.positive for each in mine))
    blocked, unsure = _treats(tree, attribute, exclude=filter_.get("mode") == "exclude")
    return Rule(
        **base,
        blocked=blocked,
        unsure=unsure,
        positive=all(each.positive for each in mine),
        minimum=_minimum(blocked),
        notes=tuple(_notes(conditions, blocked, unsure, groups)),
    )


def _blocks(policy: Mapping[str, Any]) -> bool:
    return "block" in ((policy.get("grantControls") or {}).get("builtInControls") or [])


def _treats(tree: Tree, attribute: str, *, exclude: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    blocked, unsure = [], []
    for state in _TRIED:
        value = ATTRIBUTE[DeviceState(state)] if state else None
        found = device_filter.matches(tree, attribute, value)
        if found is None:
            unsure.append(state)
        elif found is not exclude:
            blocked.append(state)
    return tuple(blocked), tuple(unsure)


def _minimum(blocked: Collection[str]) -> str:
    """The lowest level from which every level is blocked; empty when High is not."""
    found = ""
    for level in reversed(LEVELS):
        if level not in blocked:
            break
        found = level
    return found


def _people(users: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    def named(prefix: str) -> tuple[str, ...]:
        kinds = ("Users", "Groups", "Roles")
        ids = [str(each) for kind in kinds for each in users.get(f"{prefix}{kind}") or []]
        return tuple(names.get(each, each) for each in ids if each != "None")

    return {"covers": named("include"), "excludes": named("exclude")}


def _notes(
    conditions: Mapping[str, Any], blocked: Collection[str], unsure: Collection[str], groups: Collection[str]
) -> list[str]:
    users, apps = conditions.get("users") or {}, conditions.get("applications") or {}
    platforms = conditions.get("platforms") or {}
    included = {str(name).lower() for name in platforms.get("includePlatforms") or ["all"]}
    spared = {str(name).lower() for name in platforms.get("excludePlatforms") or []}
    fail_closed = EMPTY in blocked
    everyone = "All" in (users.get("includeUsers") or [])
    everything = "All" in (apps.get("includeApplications") or [])
    excluded_apps = {str(each).lower() for each in apps.get("excludeApplications") or []}
    found = {
        "unsure": bool(unsure),
        "nobody_excluded": not (users.get("excludeUsers") or users.get("excludeGroups")),
        "blocks_secured": "secured" in blocked,
        "gap": any(level in blocked for level in LEVELS) and _minimum(blocked) != _lowest(blocked),
        "silent_let_in": bool(_minimum(blocked)) and "disconnected" not in blocked,
        "enrollment_apps": fail_closed and everything and not excluded_apps.issuperset(ENROLLMENT_APPS),
        "computers_too": fail_closed
        and bool(included - {*PHONES})
        and not spared.issuperset({"windows", "macos"}),
        "some_phones": ("all" not in included and not included.issuperset(PHONES))
        or bool(spared & {*PHONES}),
        "some_apps": not everything,
        "some_people": not everyone
        and not {str(each) for each in users.get("includeGroups") or []}.issuperset(groups),
    }
    return [code for code, holds in found.items() if holds]


def _lowest(blocked: Collection[str]) -> str:
    return next((level for level in LEVELS if level in blocked), "")


def demand(policy: Mapping[str, Any], names: Mapping[str, str]) -> Demand:
    """Read one compliance policy; `required` is Intune's word, or empty where no level is demanded."""
    kind = str(policy.get("@odata.type", "")).rpartition(".")[2]
    level = str(policy.get("deviceThreatProtectionRequiredSecurityLevel") or "")
    on = bool(policy.get("deviceThreatProtectionEnabled"))
    required = level if on and level in {*MINIMUM_FOR_REQUIRED, "high"} else ""
    return Demand(
        name=str(policy.get("displayName") or policy.get("id") or ""),
        platform="ios" if kind.startswith("ios") else "android",
        required=required,
        minimum=MINIMUM_FOR_REQUIRED.get(required, ""),
        assigned=tuple(names.get(each, each) for each in policy.get("assigned") or []),
    )
