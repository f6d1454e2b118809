"""Security policies as code: export, compare with what is in force, put in force with the counts as a guard."""

from typing import Any, Final
from uuid import UUID

import msgspec
import yaml
from django.db.models import Count

from vedette.api.native import etags
from vedette.api.native.policy_shapes import (
    Applied,
    ApplyQuery,
    Comparison,
    Group,
    GroupList,
    Level,
    LevelChange,
    Move,
    ParameterChange,
    Parameters,
    Policy,
    PolicyChange,
)
from vedette.api.native.problems import Problem
from vedette.api.native.route import PREFIX, Call, NoQuery, Reply
from vedette.api.native.shapes import Named, risk_name
from vedette.compliance import change_policy, defaults, policy_wish
from vedette.devices.models import Device, DeviceGroup
from vedette.threats.models import PolicyLevel, PolicyParameters, PolicyWish
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.classifications.model import Family
from vedette.verdict.risk import Response, Risk

YAML: Final = "application/yaml"
ON_THE_WEB: Final = frozenset({Response.BLOCK_AND_ALERT, Response.WARN_AND_ALERT})
"""Responses that only web content can have: nothing else can be blocked on the phone."""
_PARAMETERS: Final = tuple(Parameters.__struct_fields__)


def groups(call: Call[NoQuery, None]) -> GroupList:
    """List the device groups with their devices by state."""
    defaults.default_group(call.tenant_id)
    rows = Device.objects.filter(tenant_id=call.tenant_id).order_by()
    counts: dict[UUID, dict[str, int]] = {}
    for group, state, count in rows.values_list("group_id", "state_row__state").annotate(count=Count("id")):
        by_state = counts.setdefault(group, {})
        by_state[state or "pending"] = by_state.get(state or "pending", 0) + count
    return GroupList(
        [
            Group(id=row.id, name=row.name, is_default=row.is_default, devices=counts.get(row.id, {}))
            for row in DeviceGroup.objects.order_by("-is_default", "name")
        ]
    )


def in_force(call: Call[Any, Any]) -> Policy:
    """Give the policy of a group."""
    group = _group(call)
    row = PolicyParameters.objects.get(group=group)
    levels = {code: _level(*level) for code, level in sorted(_levels(group).items())}
    return Policy(
        levels=levels,
        parameters=Parameters(**{name: getattr(row, name) for name in _PARAMETERS}),
        group=Named(group.id, group.name),
    )


def export(call: Call[NoQuery, None]) -> Reply:
    """Give the policy of a group as JSON, or as YAML to who accepts nothing else."""
    policy = in_force(call)
    tag = etags.of(msgspec.json.encode(policy))
    accepted = call.headers["accept"]
    if "yaml" not in accepted or "json" in accepted:
        return Reply(policy, tag=tag)
    text = yaml.safe_dump(msgspec.to_builtins(policy), sort_keys=False, allow_unicode=True)
    return Reply(text.encode(), content_type=YAML, tag=f"{tag}-yaml")


def compare(call: Call[NoQuery, Policy]) -> Comparison:
    """Say what putting a document in force would change; changes nothing."""
    return _compared(call)


def apply(call: Call[ApplyQuery, Policy]) -> Reply:
    """Put a document in force, unless more would change than the caller expects."""
    group, seen = _group(call), _compared(call)
    _guard(call.query, seen)
    tenant_id, actor = call.tenant_id, call.who.actor
    if seen.parameters and call.body.parameters:
        given = msgspec.structs.asdict(call.body.parameters)
        change_policy.change_parameters(tenant_id, group.id, actor=actor, **given)
    devices = 0
    if call.body.levels:
        # also where nothing differs: an earlier change that is still being applied would come to stand over it
        wanted = {one.classification: (Risk[one.after.risk], str(one.after.response)) for one in seen.levels}
        outcome = policy_wish.ask(tenant_id, group.id, wanted, actor=actor)
        if isinstance(outcome, PolicyWish):
            place = f"{PREFIX}/policy-changes/{outcome.id}".encode()
            return Reply(_change(outcome), 202, [(b"location", place)])
        devices = len({change.device_id for change in outcome})
    policy = in_force(call)
    tag = etags.of(msgspec.json.encode(policy))
    return Reply(Applied(policy, seen.levels, seen.parameters, devices), tag=tag)


def change(call: Call[NoQuery, None]) -> PolicyChange:
    """Tell how far a large change is."""
    return _change(PolicyWish.objects.get(id=call.ids["change_id"]))


def _guard(query: ApplyQuery, seen: Comparison) -> None:
    if seen.threats > query.most_threats or seen.devices > query.most_devices:
        raise Problem(
            "counts_exceeded",
            f"Threats rated anew: {seen.threats}, expected at most {query.most_threats}. Devices that change their"
            f" state: {seen.devices}, expected at most {query.most_devices}. Nothing was changed.",
        )


def _compared(call: Call[Any, Policy]) -> Comparison:
    group = _group(call)
    levels, parameters = _level_changes(group, call.body), _parameter_changes(group, call.body)
    wanted = {one.classification: (int(Risk[one.after.risk]), str(one.after.response)) for one in levels}
    found = (
        change_policy.preview(call.tenant_id, group.id, wanted) if wanted else change_policy.Preview(0, 0, 0)
    )
    threats = change_policy.threats_touched(group.id, wanted)
    return Comparison(
        levels=levels,
        parameters=parameters,
        threats=threats,
        devices=found.devices,
        worse=found.worse,
        better=found.better,
        moves=[Move(before, after, count) for (before, after), count in sorted(found.moves.items())],
        judged_anew=_judged(group) if parameters else 0,
        in_background=threats > change_policy.LARGEST,
    )


def _level_changes(group: DeviceGroup, wanted: Policy) -> list[LevelChange]:
    now = _levels(group)
    changes = []
    for code, after in sorted(wanted.levels.items()):
        if code not in now:
            raise Problem("refused", f"There is no classification “{code[:80]}”.")
        risk, response = now[code]
        on_the_web = CLASSIFICATIONS[code].family == Family.WEB_CONTENT
        if after.response in ON_THE_WEB and after.response != response and not on_the_web:
            raise Problem(
                "refused", f"{code} cannot have the response {after.response}: only web content can."
            )
        before = _level(risk, response)
        if before != after:
            changes.append(LevelChange(code, before, after))
    return changes


def _parameter_changes(group: DeviceGroup, wanted: Policy) -> list[ParameterChange]:
    if wanted.parameters is None:
        return []
    row = PolicyParameters.objects.get(group=group)
    pairs = [(name, getattr(row, name), getattr(wanted.parameters, name)) for name in _PARAMETERS]
    return [
        ParameterChange(name, str(before), str(after)) for name, before, after in pairs if before != after
    ]


def _judged(group: DeviceGroup) -> int:
    live = Device.objects.filter(group=group).exclude(activation_status=Device.Activation.DEACTIVATED)
    return live.exclude(facts=None, judged_with="").count()


def _levels(group: DeviceGroup) -> dict[str, tuple[int, str]]:
    rows = PolicyLevel.objects.filter(group=group, classification__in=list(CLASSIFICATIONS))
    return {
        code: (risk, response)
        for code, risk, response in rows.values_list("classification", "risk", "response")
    }


def _level(risk: int, response: str) -> Level:
    return Level(risk_name(risk), response)  # type: ignore[arg-type] # one of Response


def _group(call: Call[Any, Any]) -> DeviceGroup:
    group = DeviceGroup.objects.get(id=call.ids["group_id"])
    if group.is_default:
        # a newer version may have brought classifications that have no level yet
        defaults.default_group(call.tenant_id)
    return group


def _change(row: PolicyWish) -> PolicyChange:
    return PolicyChange(
        id=row.id,
        group_id=row.group_id,
        status=row.outcome or "applying",  # type: ignore[arg-type] # PolicyWish.Outcome, or none yet
        threats=row.threats,
        done=row.done,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        finished_at=row.finished_at,
    )
