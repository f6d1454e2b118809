"""The way from evidence to Microsoft for one device, at a glance: evidence, rule, verdict, delivery."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.compliance import mode
from vedette.connectors import value_names
from vedette.connectors.intune.enforcement import DECLARED, UNKNOWN, Enforcement
from vedette.connectors.models import ACTS, Delivery
from vedette.connectors.push_words import ROUTES
from vedette.console import words
from vedette.console.explanation import LEFT_BECAUSE, reason_text
from vedette.devices.models import Device
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk
from vedette.verdict.states import DeviceState, is_level
from vedette.web import times
from vedette.web.badges import RISKS, STATES

_AT_ONCE: Final = timedelta(seconds=1)
TONES: Final = {"pending": "info", "secured": "success", "disconnected": "neutral", "deactivated": "neutral"}


@dataclass(frozen=True)
class Step:
    """One station of the way; `href` opens what it is about, `at` is when it happened."""

    name: str
    icon: str
    text: str
    notes: list[str] = field(default_factory=list)
    at: datetime | None = None
    href: str = ""


@dataclass(frozen=True)
class Case:
    """What is known of a device when its story is told."""

    device: Device
    tenant: Tenant
    open_threats: Sequence[Threat]
    deliveries: Sequence[Delivery]
    rules: Enforcement = field(default_factory=lambda: Enforcement(UNKNOWN))

    @property
    def row(self) -> Any:
        """Its state in force, None before the first."""
        return getattr(self.device, "state_row", None)

    @property
    def state(self) -> DeviceState:
        """Its state; a device nobody has judged is pending."""
        return DeviceState(self.row.state) if self.row else DeviceState.PENDING

    @property
    def told(self) -> DeviceState:
        """What Microsoft is told of it: the state, but for a release or the brake."""
        return DeviceState(self.row.told) if self.row and self.row.told else self.state

    @property
    def counting(self) -> list[Threat]:
        """The open threats that put it at risk, worst first."""
        rated = [threat for threat in self.open_threats if threat.risk >= Risk.LOW]
        return sorted(rated, key=lambda threat: (-threat.risk, threat.created_at))


def headline(case: Case) -> str:
    """Say in one sentence what holds for this phone now."""
    if case.tenant.mode == Tenant.Mode.MONITOR and case.state is not DeviceState.DEACTIVATED:
        return _("Monitor mode, so nothing is enforced. Once armed: %(effect)s") % {
            "effect": effect(case.told, case.rules)
        }
    return effect(case.told, case.rules)


def effect(state: DeviceState, rules: Enforcement) -> str:
    """Say whether a phone in this state is blocked, by the rules that were read back or declared."""
    if rules.nothing_enforces:
        return _("Nothing at Microsoft blocks this phone: no rule in force reads its state.")
    blocked = rules.blocks("" if state is DeviceState.DEACTIVATED else state.value)
    if blocked is None:
        return _in_general(state)
    if rules.source == DECLARED:
        return (
            _("By the rule that your organisation says it has, this phone is blocked.")
            if blocked
            else _("By the rule that your organisation says it has, this phone is let in.")
        )
    return _blocked_until(state) if blocked else _("Your rules at Microsoft let this phone in.")


def _blocked_until(state: DeviceState) -> str:
    """Say until when rules that were read back block a phone in this state."""
    if state is DeviceState.DISCONNECTED:
        return _("Your rules at Microsoft block this phone until it reports again.")
    if is_level(state):
        return _("Your rules at Microsoft block this phone until the threat is gone.")
    return _("Your rules at Microsoft block this phone: they are fail-closed, and no level is proven for it.")


def _in_general(state: DeviceState) -> str:
    """Say which kinds of rule block a phone in this state, where the tenant's own are not known."""
    if state in {DeviceState.PENDING, DeviceState.MISCONFIGURED}:
        return _("Only a fail-closed rule blocks this phone: no level is proven for it.")
    if state is DeviceState.DEACTIVATED:
        return _("Out of scope: it has no value, so only a fail-closed rule blocks it.")
    if state is DeviceState.DISCONNECTED:
        return _("Every rule by level blocks this phone until it reports again.")
    return {
        "high": _("Every rule by level blocks this phone until the threat is gone."),
        "medium": _("Rules from Medium or Low up block this phone; a rule from High up lets it in."),
        "low": _("Only a rule from Low up blocks this phone."),
    }.get(_strictest(state), _("No rule by level blocks this phone."))


def tone(case: Case) -> str:
    """Colour of what holds for it; a state that is not told as it is warns."""
    if case.told != case.state:
        return "warning"
    return TONES.get(case.state.value, "danger" if case.state == "high" else "warning")


def steps(case: Case) -> list[Step]:
    """Tell the way from evidence to delivery."""
    return [_evidence(case), _rule(case), _verdict(case), _delivery(case)]


def _strictest(state: DeviceState) -> str:
    """The highest minimum level whose rule still blocks the state."""
    minimums = ("high", "medium", "low")
    return next((minimum for minimum in minimums if state.value in mode.blocking_states(minimum)), "")


def _evidence(case: Case) -> Step:
    name, device = _("Evidence"), case.device
    if case.state is DeviceState.DEACTIVATED:
        why = LEFT_BECAUSE.get(device.deactivation_reason, _("It was deactivated"))
        return Step(name, "device-mobile-off", str(why), at=device.deactivated_at)
    if case.state is DeviceState.DISCONNECTED:
        text = _("The phone has fallen silent: this is when it was last heard of.")
        return Step(name, "plug-connected-x", text, at=device.last_seen_at)
    if case.counting:
        worst, more = case.counting[0], len(case.counting) - 1
        notes = [ngettext("and %(more)d more", "and %(more)d more", more) % {"more": more}] if more else []
        address = reverse("console:threat", args=[worst.pk])
        return Step(name, "fingerprint", words.summary_of(worst), notes, worst.detected_at, address)
    if case.state is DeviceState.SECURED:
        text = _("Its last report was complete, and nothing in it counts as a risk.")
        return Step(name, "fingerprint", text, at=device.last_seen_at)
    reasons = [reason_text(reason) for reason in (case.row.reasons if case.row else [])]
    return Step(name, "help-circle", reasons[0] if reasons else "", reasons[1:3], device.last_seen_at)


def _rule(case: Case) -> Step:
    name = _("Rule")
    if case.counting and case.state not in {DeviceState.DEACTIVATED, DeviceState.DISCONNECTED}:
        worst = case.counting[0]
        text = _("Your security policy rates “%(title)s” %(level)s.") % {
            "title": words.title_of(worst.classification),
            "level": RISKS[worst.risk].label,
        }
        return Step(name, "shield-check", text, href=f"{reverse('console:policy')}#{worst.classification}")
    days = case.tenant.disconnected_days
    return Step(
        name,
        "shield-check",
        {
            DeviceState.DISCONNECTED: ngettext(
                "Silence of more than %(days)d day counts as disconnected.",
                "Silence of more than %(days)d days counts as disconnected.",
                days,
            )
            % {"days": days},
            DeviceState.DEACTIVATED: _("A device out of scope is not judged."),
            DeviceState.SECURED: _("Only open threats rated Low or higher count."),
            DeviceState.MISCONFIGURED: _("A missing answer never counts as clean."),
        }.get(case.state, _("Without a first report there is no verdict.")),
    )


def _verdict(case: Case) -> Step:
    notes = [_("Only IT can mend it.")] if case.row and case.row.needs_it else []
    if case.told != case.state:
        notes.append(_("Told for now: %(state)s") % {"state": STATES[case.told.value].label})
    return Step(
        _("Verdict"), "flag", str(STATES[case.state.value].label), notes, case.row.since if case.row else None
    )


def _delivery(case: Case) -> Step:
    name, icon = _("Told Microsoft"), "cloud-upload"
    told = [item for item in case.deliveries if (item.desired or item.sent) and item.route not in ACTS]
    if not told:
        if case.tenant.mode == Tenant.Mode.MONITOR:
            return Step(name, "cloud-off", _("Nothing: the tenant is in Monitor mode."))
        return Step(name, "cloud-off", _("Nothing: its platform or its part of state sync is off."))
    first = next((delivery for delivery in told if delivery.status in _TROUBLE), told[0])
    value = value_names.names().get(first.desired, first.desired) or _("value withdrawn")
    notes = [f"{_way(first)}: {STATES[first.status].label}", *_lag(case, first)]
    return Step(name, icon, value, notes, first.confirmed_at or first.sent_at, "#delivery")


_TROUBLE: Final = frozenset({Delivery.Status.FAILED, Delivery.Status.FOREIGN})


def _way(delivery: Delivery) -> str:
    way = str(ROUTES.get(delivery.route, delivery.route))
    return way if delivery.place in {"", delivery.desired} else delivery.place


def _lag(case: Case, delivery: Delivery) -> list[str]:
    if not case.row or not delivery.sent_at or delivery.sent_at < case.row.since or not delivery.desired:
        return []
    span = delivery.sent_at - case.row.since
    if span < _AT_ONCE:
        return [_("within a second of the verdict")]
    return [_("%(span)s after the verdict") % {"span": times.duration(span)}]
