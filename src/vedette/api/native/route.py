"""What an address of the API is: everything about it in one row, for the dispatcher and for the document alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec

from vedette.api.http import Headers
from vedette.api.native import people_live
from vedette.api.native.caller import Who
from vedette.api.native.people_live import Find
from vedette.tenants.application_keys import Scope
from vedette.tenants.matrix import Module, Right

PREFIX: Final = "/api/v1"
MOST_BYTES: Final = 64 * 1024

Q = TypeVar("Q")
B = TypeVar("B")

Method = Literal["GET", "POST", "PUT", "DELETE"]


class NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Of an address that takes no parameters."""


@dataclass(frozen=True)
class Call(Generic[Q, B]):
    """One request as its handler sees it, inside the tenant's door: for acts that of the writer."""

    who: Who
    ids: Mapping[str, UUID]
    query: Q
    body: B
    headers: Mapping[str, str] = field(default_factory=dict)
    find_person: Find = people_live.find
    prepared: Any = None
    """What `Route.prepare` found out before the door was opened."""

    @property
    def tenant_id(self) -> UUID:
        """Whose data it is about."""
        return self.who.tenant_id


@dataclass(frozen=True)
class Reply:
    """An answer that is more than its body: another status, headers, or content that is no JSON."""

    body: Any
    status: int = 0
    headers: Headers = field(default_factory=list)
    content_type: str = ""
    tag: str = ""
    """What its ETag is made of, where that is not the body."""


Handler = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one address under PREFIX; `{name_id}` in the path stands for a UUID.

    `act` gets a Call and gives the answer: a Struct of type `answer`, or a Reply. `statuses` are those that it may
    answer with besides the ones that its traits bring (`documented`). `state` gives what If-Match is compared with.
    """

    method: Method
    path: str
    name: str
    summary: str
    area: str
    scope: Scope
    module: Module
    act: Handler
    right: Right = "view"
    answer: Any = None
    status: int = 200
    more_answers: Mapping[int, Any] = field(default_factory=dict)
    query: type[msgspec.Struct] = NoQuery
    body: type[msgspec.Struct] | None = None
    most_bytes: int = MOST_BYTES
    upload: bool = False
    """Whether the body is a file, written down as it comes in; the handler gets a scans.uploads.Received."""
    headers: tuple[str, ...] = ()
    """Names of headers of its own, in lower case."""
    changes: bool = True
    """Whether a POST changes anything: else it takes no lock."""
    yaml: bool = False
    refusals: tuple[str, ...] = ()
    state: Handler | None = None
    match_needed: bool = False
    prepare: Handler | None = None
    notes: str = ""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def once(self) -> bool:
        """Whether it heeds an idempotency key: what only answers keeps neither what was asked nor old counts."""
        return self.method == "POST" and self.changes

    @property
    def tells_place(self) -> bool:
        """Whether an answer 202 says in Location where to follow what was begun."""
        return self.upload or HTTPStatus.ACCEPTED in self.more_answers

    @property
    def takes_body(self) -> bool:
        """Whether it has a body that counts."""
        return self.body is not None or self.upload

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The IDs in its path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of every refusal that it can answer with (problems.KINDS)."""
        codes = {
            "invalid_request",
            "unauthenticated",
            "address",
            "scope",
            "access",
            "too_many",
            "unavailable",
        }
        codes |= set(self.refusals)
        if self.names:
            codes.add("not_found")
        if not self.reads:
            codes.add("cross_site")
        if self.once:
            codes |= {"in_progress", "key_reused"}
        if self.method in {"POST", "PUT"}:
            codes |= {"too_large", "slow"}
        if self.takes_body:
            codes |= {"media_type"}
        if self.state:
            codes.add("changed_meanwhile")
        if self.match_needed:
            codes.add("precondition_required")
        return frozenset(codes)
