"""A security policy as a document, what differs between two, and how far a change is."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from vedette.api.native.shapes import Named, RiskName

ResponseName = Literal["alert", "silent", "block_and_alert", "warn_and_alert"]
Version = Annotated[str, Meta(max_length=40, description="Like 13 or 17.4.1")]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Level(msgspec.Struct, forbid_unknown_fields=True):
    """Risk and response of a classification."""

    risk: RiskName
    response: ResponseName


class Parameters(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What counts as up to date."""

    minimum_android: Version
    minimum_ios: Version
    patch_age_days: Annotated[int, Meta(ge=1, le=3650)]
    minimum_agent: Annotated[str, Meta(max_length=40, description="Empty: any version of the app")] = ""


class Policy(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The policy of a device group. In a document that is sent, what is left out stays as it is."""

    levels: Annotated[dict[str, Level], Meta(description="By classification", max_length=200)] = {}
    parameters: Parameters | None = None
    group: Annotated[Named | None, Meta(description="Whose it was; not heeded in what is sent")] = None


class LevelChange(msgspec.Struct):
    """A classification whose level differs."""

    classification: str
    before: Level
    after: Level


class ParameterChange(msgspec.Struct):
    """A parameter that differs."""

    name: str
    before: str
    after: str


class Move(msgspec.Struct):
    """So many devices go from one state to another."""

    before: str
    after: str
    devices: int


class Comparison(msgspec.Struct, kw_only=True):
    """What putting a document in force would change."""

    levels: list[LevelChange]
    parameters: list[ParameterChange]
    threats: Annotated[int, Meta(description="Unresolved threats that are rated anew")]
    devices: Annotated[int, Meta(description="Devices that change their state by it")]
    worse: int
    better: int
    moves: list[Move]
    judged_anew: Annotated[
        int, Meta(description="Devices that are judged by other parameters, within seconds")
    ]
    in_background: Annotated[bool, Meta(description="Whether a job applies the levels, answered with 202")]


class Applied(msgspec.Struct):
    """A policy is in force."""

    policy: Policy
    levels: list[LevelChange]
    parameters: list[ParameterChange]
    devices: Annotated[int, Meta(description="Devices that changed their state by it")]


class PolicyChange(msgspec.Struct, kw_only=True):
    """A large change of levels that a job applies."""

    id: UUID
    group_id: UUID
    status: Literal["applying", "applied", "failed"]
    threats: Annotated[int, Meta(description="Threats to be rated anew")]
    done: Annotated[int, Meta(description="Of these, rated in the run under way")]
    asked_at: datetime
    asked_by: str
    finished_at: datetime | None


class ApplyQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The most that may change: nothing is done when more would."""

    most_threats: Annotated[Count, Meta(description="`threats` of the comparison")]
    most_devices: Annotated[Count, Meta(description="`devices` of the comparison")]


class Group(msgspec.Struct, kw_only=True):
    """A set of devices under one policy."""

    id: UUID
    name: str
    is_default: bool
    devices: Annotated[dict[str, int], Meta(description="How many, by state")]


class GroupList(msgspec.Struct):
    """Every device group."""

    items: list[Group]
