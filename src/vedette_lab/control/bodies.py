"""Bodies of the control API, checked by type; what is absent stays as it is."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request


class NewApp(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An application registration to make."""

    display_name: str
    redirect_uris: list[str] = []
    permissions: list[str] = []
    certificate_pem: str | None = None
    secret: str | None = None
    secret_expires: datetime | None = None
    home_tenant: str | None = None
    multi_tenant: bool = True
    group_claims: str = "DirectoryRole"
    client_id: str | None = None
    public_redirect_uris: list[str] = []
    federated: list["Federated"] = []


class Federated(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A federated credential of an application registration."""

    issuer: str
    subject: str
    audiences: list[str] = msgspec.field(default_factory=lambda: ["api://AzureADTokenExchange"])


class AppPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes of an application registration."""

    display_name: str | UnsetType = UNSET
    redirect_uris: list[str] | UnsetType = UNSET
    permissions: list[str] | UnsetType = UNSET
    multi_tenant: bool | UnsetType = UNSET
    group_claims: str | UnsetType = UNSET
    omit_wids: bool | UnsetType = UNSET
    assignment_required: bool | UnsetType = UNSET
    secrets: list[dict[str, Any]] | UnsetType = UNSET
    certificates: list[str] | UnsetType = UNSET
    public_redirect_uris: list[str] | UnsetType = UNSET
    federated: list[Federated] | UnsetType = UNSET


class NewTenant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fresh small organisation like Fabrikam."""

    name: str
    domain: str


class NewGroup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A group to make; members are ids of users, groups or devices, or user principal names."""

    display_name: str
    description: str | None = None
    members: list[str] = []
    security_enabled: bool = True
    mail_enabled: bool | None = None
    """By default as Microsoft 365 groups are, and others are not."""
    group_types: list[str] = []
    visibility: str | None = None
    is_assignable_to_role: bool | None = None
    on_premises_sync_enabled: bool | None = None


class GroupPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes of a group."""

    display_name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    visibility: str | UnsetType | None = UNSET
    group_types: list[str] | UnsetType = UNSET
    on_premises_sync_enabled: bool | UnsetType | None = UNSET


class Members(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Members to add."""

    ids: list[str]


class NewUser(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A user to make; the principal name is made from the names when it is absent."""

    given_name: str
    surname: str
    user_principal_name: str | None = None
    roles: list[str] = []
    groups: list[str] = []
    job_title: str | None = None


class UserPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes of a user; roles by display name or template id."""

    display_name: str | UnsetType = UNSET
    account_enabled: bool | UnsetType = UNSET
    roles: list[str] | UnsetType = UNSET


class NewDevice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A phone to register; `managed` puts it into Intune as well."""

    platform: str = "ANDROID"
    owner: str | None = None
    model: str | None = None
    managed: bool = True
    story: str | None = None


class DevicePatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes of a device in Entra; those that Intune knows too are made there as well."""

    display_name: str | UnsetType = UNSET
    operating_system: str | UnsetType = UNSET
    operating_system_version: str | UnsetType = UNSET
    manufacturer: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    account_enabled: bool | UnsetType = UNSET
    trust_type: str | UnsetType = UNSET
    is_managed: bool | UnsetType | None = UNSET
    is_compliant: bool | UnsetType | None = UNSET
    last_sign_in: datetime | UnsetType = UNSET
    story: str | UnsetType | None = UNSET
    owner: str | UnsetType | None = UNSET
    extension_attributes: dict[str, str | None] | UnsetType = UNSET
    managed: dict[str, Any] | UnsetType = UNSET
    """Properties of the managed device in snake case; `{}` puts an unmanaged phone into Intune."""


class NewFault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault: `match` is a method (or `*`) and a path prefix."""

    match: str
    status: int | None = None
    retry_after: int | None = None
    delay: float = 0.0
    drop: bool = False
    code: str | None = None
    times: int | None = None
    after: bool = False


Rate = tuple[
    Annotated[float, msgspec.Meta(gt=0)],
    Annotated[float, msgspec.Meta(gt=0)],
]
"""So much in so many seconds."""


class NewLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Graph's limits: what is not named is as Microsoft documents it."""

    on: bool = True
    identity: Rate | None = None
    identity_writes: Rate | None = None
    intune: Rate | None = None
    intune_writes: Rate | None = None
    policy: Rate | None = None


class ExpireDeltas(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Delta tokens that expire now, and how Graph says so."""

    kinds: tuple[Literal["users", "groups", "devices"], ...] = ("users", "groups", "devices")
    answer: Literal["gone", "syncStateNotFound", "resyncRequired"] = "gone"


class Crowd(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """People with one phone each, put into a group: for measurements."""

    group: str
    people: Annotated[int, msgspec.Meta(ge=1, le=200_000)]


class Clock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where the lab's clock stands against real time."""

    offset_seconds: float


class NewConsent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A consent granted without the page; all of the manifest when no permissions are named."""

    client_id: str
    permissions: list[str] | None = None


class ControlError(Exception):
    """A request of the control API that cannot be done; the text says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


T = TypeVar("T")


async def read(request: Request, kind: type[T]) -> T:
    """Read the body as `kind`. ControlError says which part is wrong."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise ControlError(f"The body is not understood: {error}.") from None


def apply(change: msgspec.Struct, target: object, *, leave: tuple[str, ...] = ()) -> None:
    """Set on `target` what the change names, except the fields to leave."""
    for name in change.__struct_fields__:
        value = getattr(change, name)
        if value is not UNSET and name not in leave:
            setattr(target, name, value)
