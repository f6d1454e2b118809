"""Entra's directory of one tenant: users, groups, devices, and indexes so that no request scans."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import uuid4

from vedette_lab.change_log import KINDS, ChangeLog, Kind, Tracked


@dataclass(slots=True, eq=False)
class User(Tracked):
    """A person's account (Graph `user`)."""

    id: str
    display_name: str
    given_name: str
    surname: str
    user_principal_name: str
    mail: str
    created: datetime
    account_enabled: bool = True
    job_title: str | None = None
    department: str | None = None
    office_location: str | None = None
    usage_location: str = "FR"
    preferred_language: str = "en"
    user_type: str = "Member"
    roles: list[str] = field(default_factory=list)
    """Template ids of the directory roles held (`wids`)."""
    sessions_valid_from: datetime | None = None
    """Set by `revokeSignInSessions`; tokens issued before are revoked."""


@dataclass(slots=True, eq=False)
class Group(Tracked):
    """A group (Graph `group`). `members` are object ids of users, groups and devices, in order."""

    id: str
    display_name: str
    created: datetime
    description: str | None = None
    security_enabled: bool = True
    mail_enabled: bool = False
    mail_nickname: str = ""
    group_types: list[str] = field(default_factory=list)
    membership_rule: str | None = None
    is_assignable_to_role: bool | None = None
    on_premises_sync_enabled: bool | None = None
    visibility: str | None = None
    members: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Device(Tracked):
    """A device that Entra knows (Graph `device`). `id` is the object id, `device_id` the registration's."""

    id: str
    device_id: str
    display_name: str
    operating_system: str
    operating_system_version: str
    registered: datetime
    last_sign_in: datetime
    manufacturer: str | None = None
    model: str | None = None
    account_enabled: bool = True
    trust_type: str = "Workplace"
    profile_type: str = "RegisteredDevice"
    ownership: str | None = None
    enrollment_type: str | None = None
    management_type: str | None = None
    mdm_app_id: str | None = None
    is_managed: bool | None = None
    is_compliant: bool | None = None
    """Written by Intune's check-in only."""
    is_rooted: bool | None = None
    owner_ids: list[str] = field(default_factory=list)
    user_ids: list[str] = field(default_factory=list)
    extension_attributes: dict[str, str | None] = field(default_factory=dict)
    """`extensionAttribute1` … `extensionAttribute15`; absent means null."""
    story: str | None = None
    """Seed's hint to the fleet of simulated phones; no Microsoft property and never in Graph's answers."""


DirectoryObject = User | Group | Device


@dataclass(frozen=True, slots=True)
class Late:
    """A membership that was written and that sign-ins still take for what it `was`."""

    was: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class Deleted:
    """A person in the recycle bin: restored, they are again in their groups and the owner of their devices."""

    user: User
    groups: tuple[str, ...]
    owned: tuple[str, ...]
    registered: tuple[str, ...]


def _logs() -> dict[Kind, ChangeLog]:
    return {kind: ChangeLog() for kind in KINDS}


@dataclass(slots=True, eq=False)
class Directory:
    """Users, groups and devices of one tenant. Change them through the methods: they keep the indexes."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    deleted: dict[str, Deleted] = field(default_factory=dict)
    """People who were deleted and can be restored."""
    changes: dict[Kind, ChangeLog] = field(default_factory=_logs)
    late: dict[tuple[str, str], Late] = field(default_factory=dict)
    """By group and member: changes that sign-ins do not see yet."""
    lineage: str = field(default_factory=lambda: uuid4().hex)
    """Of this directory's change log: delta tokens of one that a reset has swept away mean nothing here."""
    delta_generation: dict[Kind, int] = field(default_factory=dict)
    """Raised by the control API: delta tokens of an older generation have expired."""
    delta_answer: Literal["gone", "syncStateNotFound", "resyncRequired"] = "gone"
    """How an expired token is refused; all three are seen in the field (microsoft.md 2.7)."""
    _by_upn: dict[str, User] = field(default_factory=dict)
    _by_device_id: dict[str, Device] = field(default_factory=dict)
    _parents: dict[str, dict[str, None]] = field(default_factory=dict)
    _owned: dict[str, dict[str, None]] = field(default_factory=dict)
    _registered: dict[str, dict[str, None]] = field(default_factory=dict)

    def get(self, object_id: str) -> DirectoryObject | None:
        """Return the object with this id, whatever its kind."""
        return self.users.get(object_id) or self.groups.get(object_id) or self.devices.get(object_id)

    def user(self, key: str) -> User | None:
        """Find a user by object id or user principal name (in any case)."""
        return self.users.get(key) or self._by_upn.get(key.lower())

    def device_by_device_id(self, device_id: str) -> Device | None:
        """Find a device by the id of its registration (`deviceId`)."""
        return self._by_device_id.get(device_id.lower())

    def add_user(self, user: User) -> None:
        """Add a user."""
        self.users[user.id] = user
        self._by_upn[user.user_principal_name.lower()] = user
        self._enter("users", user)

    def _enter(self, kind: Kind, record: DirectoryObject) -> None:
        record.watch(self.changes[kind].note)
        self.changes[kind].note(record.id)

    def add_group(self, group: Group) -> None:
        """Add a group with the members it already names."""
        self.groups[group.id] = group
        self._enter("groups", group)
        for member in group.members:
            self._parents.setdefault(member, {})[group.id] = None
            self.changes["groups"].note(group.id, member)

    def add_device(self, device: Device) -> None:
        """Add a device, its owners and users."""
        self.devices[device.id] = device
        self._by_device_id[device.device_id.lower()] = device
        self._enter("devices", device)
        for owner in device.owner_ids:
            self._owned.setdefault(owner, {})[device.id] = None
        for user in device.user_ids:
            self._registered.setdefault(user, {})[device.id] = None

    def add_member(self, group: Group, object_id: str) -> bool:
        """Add a member; False when it is one already."""
        if object_id in group.members:
            return False
        group.members[object_id] = None
        self._parents.setdefault(object_id, {})[group.id] = None
        self.changes["groups"].note(group.id, object_id)
        return True

    def remove_member(self, group: Group, object_id: str) -> bool:
        """Remove a direct member; False when it is none."""
        if object_id not in group.members:
            return False
        del group.members[object_id]
        self._parents.get(object_id, {}).pop(group.id, None)
        self.changes["groups"].note(group.id, object_id)
        return True

    def remove(self, object_id: str) -> bool:
        """Delete an object and every reference to it; False when there is none.

        A person can be restored, and so their groups do not tell that they lost a member until `purge`
        (microsoft.md 2.7, known defects).
        """
        found = self.get(object_id)
        if found is None:
            return False
        parents = list(self._parents.pop(object_id, {}))
        for parent in parents:
            self.groups[parent].members.pop(object_id, None)
            if not isinstance(found, User):
                self.changes["groups"].note(parent, object_id)
        found.watch(None)
        if isinstance(found, User):
            self._remove_user(found, parents)
        elif isinstance(found, Group):
            del self.groups[found.id]
            self.changes["groups"].note(found.id)
            for member in found.members:
                self._parents.get(member, {}).pop(found.id, None)
        else:
            self._remove_device(found)
            self.changes["devices"].note(found.id)
        return True

    def _remove_user(self, user: User, groups: list[str]) -> None:
        del self.users[user.id]
        self._by_upn.pop(user.user_principal_name.lower(), None)
        owned, registered = tuple(self._owned.pop(user.id, {})), tuple(self._registered.pop(user.id, {}))
        for device_id in owned:
            self.devices[device_id].owner_ids.remove(user.id)
        for device_id in registered:
            self.devices[device_id].user_ids.remove(user.id)
        self.deleted[user.id] = Deleted(user, tuple(groups), owned, registered)
        self.changes["users"].note(user.id)

    def restore(self, user_id: str) -> bool:
        """Bring a person back with groups and devices, which do not tell; False when nobody is to be had."""
        found = self.deleted.pop(user_id, None)
        if found is None:
            return False
        self.add_user(found.user)
        for group in (self.groups[key] for key in found.groups if key in self.groups):
            group.members[user_id] = None
            self._parents.setdefault(user_id, {})[group.id] = None
        for device in (self.devices[key] for key in found.owned if key in self.devices):
            device.owner_ids.append(user_id)
            self._owned.setdefault(user_id, {})[device.id] = None
        for device in (self.devices[key] for key in found.registered if key in self.devices):
            device.user_ids.append(user_id)
            self._registered.setdefault(user_id, {})[device.id] = None
        return True

    def purge(self, user_id: str) -> bool:
        """Delete a person for good; only now their groups tell that they are gone."""
        found = self.deleted.pop(user_id, None)
        if found is None:
            return False
        self.changes["users"].note(user_id)
        for group in found.groups:
            self.changes["groups"].note(group, user_id)
        return True

    def _remove_device(self, device: Device) -> None:
        del self.devices[device.id]
        if self._by_device_id.get(device.device_id.lower()) is device:
            del self._by_device_id[device.device_id.lower()]
        for owner in device.owner_ids:
            self._owned.get(owner, {}).pop(device.id, None)
        for user in device.user_ids:
            self._registered.get(user, {}).pop(device.id, None)

    def set_owner(self, device: Device, user_id: str | None) -> None:
        """Make a user (or nobody) the owner and user of a device."""
        for owner in device.owner_ids:
            self._owned.get(owner, {}).pop(device.id, None)
        for user in device.user_ids:
            self._registered.get(user, {}).pop(device.id, None)
        device.owner_ids = [user_id] if user_id else []
        device.user_ids = list(device.owner_ids)
        if user_id:
            self._owned.setdefault(user_id, {})[device.id] = None
            self._registered.setdefault(user_id, {})[device.id] = None

    def owned_devices(self, user_id: str) -> list[Device]:
        """Return the devices a user owns (`ownedDevices`)."""
        return [self.devices[key] for key in self._owned.get(user_id, {})]

    def registered_devices(self, user_id: str) -> list[Device]:
        """Return the devices a user is registered on (`registeredDevices`)."""
        return [self.devices[key] for key in self._registered.get(user_id, {})]

    def members(self, group: Group) -> Iterator[DirectoryObject]:
        """Yield the direct members."""
        for key in group.members:
            found = self.get(key)
            if found is not None:
                yield found

    def transitive_members(self, group: Group) -> Iterator[DirectoryObject]:
        """Yield every member, direct or through nested groups, each once; nested groups included."""
        seen = {group.id}
        waiting = [group]
        while waiting:
            for member in self.members(waiting.pop(0)):
                if member.id in seen:
                    continue
                seen.add(member.id)
                yield member
                if isinstance(member, Group):
                    waiting.append(member)

    def member_of(self, object_id: str) -> list[Group]:
        """Return the groups an object is a direct member of."""
        return [self.groups[key] for key in self._parents.get(object_id, {})]

    def transitive_member_of(self, object_id: str, *, seen_at: datetime | None = None) -> list[Group]:
        """Return the groups an object is in, directly or through nesting; as a sign-in sees it at `seen_at`."""
        found: dict[str, Group] = {}
        waiting = self._seen_parents(object_id, seen_at)
        while waiting:
            group = waiting.pop(0)
            if group.id not in found:
                found[group.id] = group
                waiting += self._seen_parents(group.id, seen_at)
        found.pop(object_id, None)
        return list(found.values())

    def delay(self, group: Group, object_id: str, now: datetime, until: datetime) -> None:
        """Keep a change of membership that is about to be made from sign-ins before `until`."""
        key = group.id, object_id
        earlier = self.late.get(key)
        was = earlier.was if earlier and earlier.until > now else object_id in group.members
        self.late = {known: late for known, late in self.late.items() if late.until > now}
        self.late[key] = Late(was, until)

    def _seen_parents(self, object_id: str, seen_at: datetime | None) -> list[Group]:
        parents = dict(self._parents.get(object_id, {}))
        for (group, member), late in self.late.items() if seen_at else ():
            if member != object_id or (seen_at and late.until <= seen_at):
                continue
            if late.was:
                parents[group] = None
            else:
                parents.pop(group, None)
        return [self.groups[key] for key in parents if key in self.groups]
