"""Does a device-filter rule apply to the device of a sign-in, and why.

Every cell of the table "Policy behavior with filter for devices" (entra-docs,
concept-condition-filters-for-devices.md, 2025-04-08; reference microsoft.md 4.1):

- no device identity: positive operators never apply, negative operators always do;
- registered: the comparison decides, except that extensionAttribute1-15 have a value only when the
  device is managed by Intune, compliant or hybrid joined. Otherwise the comparison cannot be made and
  does not apply, whichever its operator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vedette_lab.conditional_access.rule import COLLECTIONS, Both, Comparison, Either, Not, Rule

Value = str | tuple[str, ...] | None


@dataclass(frozen=True)
class FilterDevice:
    """A registered device as a filter sees it; attributes by their name in a rule, None where empty."""

    name: str
    attributes: Mapping[str, Value]
    managed: bool = False
    compliant: bool = False
    hybrid_joined: bool = False

    @property
    def shows_extension_attributes(self) -> bool:
        """Whether Entra makes extensionAttribute1-15 available to the evaluation."""
        return self.managed or self.compliant or self.hybrid_joined


@dataclass(frozen=True)
class Match:
    """Whether the rule applies; `available` is False where a needed attribute has no value to compare."""

    applies: bool
    why: str
    available: bool = True


def evaluate(rule: Rule, device: FilterDevice | None) -> Match:
    """Evaluate a rule for a device, or for a sign-in without device identity (None). Never raises."""
    match rule:
        case Comparison():
            return _comparison(rule, device)
        case Not(term):
            inner = evaluate(term, device)
            return Match(inner.available and not inner.applies, f"not ({inner.why})", inner.available)
        case Both(terms):
            return _both([evaluate(term, device) for term in terms])
        case Either(terms):
            return _either([evaluate(term, device) for term in terms])


def _both(parts: list[Match]) -> Match:
    """One false term decides; else one unavailable term leaves it open (Kleene)."""
    refused = [part for part in parts if part.available and not part.applies]
    open_ = [part for part in parts if not part.available]
    telling = refused or open_ or parts
    why = " and ".join(part.why for part in telling)
    return Match(not refused and not open_, why, available=bool(refused) or not open_)


def _either(parts: list[Match]) -> Match:
    """One true term decides; else one unavailable term leaves it open (Kleene)."""
    matched = [part for part in parts if part.applies]
    open_ = [part for part in parts if not part.available]
    why = " and ".join(part.why for part in matched or parts)
    return Match(bool(matched), why, available=bool(matched) or not open_)


def _comparison(rule: Comparison, device: FilterDevice | None) -> Match:
    if device is None:
        kind = "positive" if rule.positive else "negative"
        effect = "does not apply" if rule.positive else "applies"
        why = f"the sign-in carries no device identity, so -{rule.operator}, a {kind} operator, {effect}"
        return Match(not rule.positive, why)
    if rule.needs_management and not device.shows_extension_attributes:
        why = (
            f"{device.name} is neither managed by Intune nor compliant nor hybrid joined, "
            f"so {rule.attribute} is not available"
        )
        return Match(applies=False, why=why, available=False)
    value = device.attributes.get(rule.attribute)
    holds = _holds(rule, value)
    return Match(holds, f"{rule.attribute} is {_shown(value)}, so {rule} is {str(holds).lower()}")


def _holds(rule: Comparison, value: Value) -> bool:
    if rule.values == (None,):
        return (value is None) == rule.positive
    if value is None:
        return not rule.positive
    wanted = [(each or "").casefold() for each in rule.values]
    if rule.attribute in COLLECTIONS:
        members = {value} if isinstance(value, str) else set(value)
        found = wanted[0] in {member.casefold() for member in members}
    else:
        found = _TESTS[rule.operator.removeprefix("not").lower()](str(value).casefold(), wanted)
    return found == rule.positive


_TESTS: dict[str, Callable[[str, list[str]], bool]] = {
    "eq": lambda value, wanted: value == wanted[0],
    "ne": lambda value, wanted: value == wanted[0],
    "startswith": lambda value, wanted: value.startswith(wanted[0]),
    "endswith": lambda value, wanted: value.endswith(wanted[0]),
    "contains": lambda value, wanted: wanted[0] in value,
    "in": lambda value, wanted: value in wanted,
}


def _shown(value: Value) -> str:
    if value is None:
        return "empty"
    return f'"{value}"' if isinstance(value, str) else f"[{', '.join(value)}]"
