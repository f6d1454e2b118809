"""Devices as the API tells them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from vedette.api.native.shapes import Moment, Page, Paging, Person, Reason, RiskName

Activation = Literal["PENDING", "ACTIVATED", "DEACTIVATED"]
Platform = Literal["ANDROID", "IOS"]
State = Literal["pending", "secured", "low", "medium", "high", "misconfigured", "disconnected", "deactivated"]
Strength = Literal["", "asserted", "code", "sign_in", "mdm", "sign_in_device", "attested"]


class DeviceQuery(Paging, kw_only=True):
    """Filters of the list; several together must all hold."""

    activation: Activation | None = None
    state: Annotated[State, Meta(description="The state in force")] | None = None
    platform: Platform | None = None
    group_id: UUID | None = None
    owner: (
        Annotated[str, Meta(min_length=1, max_length=320, description="User principal name, whole")] | None
    ) = None
    search: (
        Annotated[
            str, Meta(min_length=1, max_length=100, description="Part of the device's or its person's name")
        ]
        | None
    ) = None
    entra_device_id: UUID | None = None
    seen_before: Annotated[Moment, Meta(description="Last heard of before this time, or never")] | None = None


class Device(msgspec.Struct, kw_only=True):
    """A phone or tablet and the state in force."""

    id: UUID
    display_name: str
    platform: Platform
    manufacturer: str
    model: str
    os_version: str
    security_patch: date | None
    group_id: UUID
    owner: Person
    entra_device_id: UUID | None
    entra_object_id: UUID | None
    activation: Activation
    state: State
    told: Annotated[
        State, Meta(description="What other systems are told: the state, but for a release or the brake")
    ]
    since: datetime | None
    open_threats: int
    binding: Annotated[Strength, Meta(description="How strongly the app is bound to this device")]
    agent_version: str
    created_at: datetime
    activated_at: datetime | None
    deactivated_at: datetime | None
    deactivation_reason: str
    last_seen_at: datetime | None
    disconnected_at: datetime | None


class DevicePage(Page[Device]):
    """Devices, the newest first."""


class Why(msgspec.Struct, kw_only=True):
    """One reason of a state."""

    code: str
    subject: str
    risk: RiskName
    text: Annotated[str, Meta(description="For people, in English")]


class OpenThreat(msgspec.Struct):
    """A threat that is open on the device, worst first."""

    id: UUID
    classification: str
    risk: RiskName
    summary: str


class Delivery(msgspec.Struct, kw_only=True):
    """What one route owes or has told Microsoft of this device."""

    route: str
    desired: Annotated[str, Meta(description="Value owed; empty: withdrawn")]
    sent: Annotated[str, Meta(description="Value that last arrived; null: none yet")] | None
    place: str
    status: str
    attempts: int
    error_code: str
    error: str
    requested_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None


class Rules(msgspec.Struct, kw_only=True):
    """What is known of the rules at Microsoft that act on the state."""

    source: Annotated[
        Literal["read", "declared", "unknown"], Meta(description="Read there, or said by people here")
    ]
    rule: str
    minimum: Annotated[str, Meta(description="Level from which phones are blocked; empty: none")]
    fail_closed: bool
    read_at: datetime | None


class Change(msgspec.Struct, kw_only=True):
    """A change of state."""

    position: int
    from_state: str
    to_state: str
    told: str
    cause: str
    detail: dict[str, Any]
    reasons: list[Why]
    changed_at: datetime


class ChangePage(Page[Change]):
    """Changes of state, the newest first."""


class Release(msgspec.Struct, kw_only=True):
    """A phone let in for some hours in spite of its state."""

    device_id: UUID
    reason: str
    state: Annotated[str, Meta(description="State of the phone when it was let in")]
    granted_at: datetime
    granted_by: str
    until: datetime


class DeviceDetail(Device, kw_only=True):
    """A device with the whole way from evidence to what Microsoft was told."""

    blocked: Annotated[
        bool | None, Meta(description="Whether Microsoft's rules block it; null: only they know")
    ]
    needs_it: Annotated[bool, Meta(description="Only IT can mend it")]
    reasons: list[Why]
    threats: list[OpenThreat]
    rules: Rules
    deliveries: list[Delivery]
    release: Release | None
    history: Annotated[list[Change], Meta(description="The last 20; more under /history")]


class HistoryQuery(Paging, kw_only=True):
    """Parameters of the history."""


class Because(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is done."""

    reason: Reason


class ReleaseWish(msgspec.Struct, forbid_unknown_fields=True):
    """For how long and why a phone is let in."""

    hours: Literal[1, 8, 24]
    reason: Reason


class ReleaseList(msgspec.Struct):
    """Every release in force."""

    items: list[Release]
