"""Refusals as problem details (RFC 9457): what is wrong, why, and what to do about it."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from vedette.api.http import Answer, Headers

PROBLEM_JSON: Final = "application/problem+json"


class Kind(NamedTuple):
    """A kind of refusal: its status, what it says in general, and what to do about it."""

    status: int
    title: str
    next_step: str


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "invalid_request": Kind(400, "The request cannot be read", "Mend what is named and send it again."),
        "unauthenticated": Kind(
            401, "Nobody has signed in", "Send “Authorization: Bearer” with an application key or its token."
        ),
        "address": Kind(403, "Not from this address", "An administrator can add the address to the key."),
        "scope": Kind(403, "The key is not for this", "Make an application key that has the scope."),
        "access": Kind(403, "Your access does not include this", "Ask somebody with full access."),
        "cross_site": Kind(
            403,
            "A browser session acts from its own pages only",
            "Send the header Origin with the console's address, or use an application key.",
        ),
        "not_found": Kind(404, "There is no such thing", "Check the ID; lists show what there is."),
        "method_not_allowed": Kind(
            405, "This method does nothing here", "Use one that the header Allow names."
        ),
        "slow": Kind(408, "The body did not arrive in time", "Send it again, faster or smaller."),
        "conflict": Kind(409, "That makes no sense in the present state", "Read the present state first."),
        "in_progress": Kind(
            409, "The first request with this key is still at work", "Send it again in a moment."
        ),
        "counts_exceeded": Kind(
            409, "More would change than was expected", "Compare again, then apply with the counts it gives."
        ),
        "changed_meanwhile": Kind(
            412, "It was changed meanwhile", "Read it again and send its ETag as If-Match."
        ),
        "too_large": Kind(413, "The body is too large", "Send less at once."),
        "media_type": Kind(415, "The body has the wrong type", "Send it as application/json."),
        "refused": Kind(422, "The values cannot be taken", "Mend what is named and send it again."),
        "key_reused": Kind(
            422, "This idempotency key belongs to another request", "Use a new key for each new request."
        ),
        "precondition_required": Kind(
            428, "Say which state you have seen", "Read it first and send its ETag as If-Match."
        ),
        "too_many": Kind(429, "Too many requests", "Wait as long as Retry-After says."),
        "failed": Kind(500, "The service made a mistake", "Tell the operator the request's ID."),
        "unavailable": Kind(503, "The service cannot answer at the moment", "Try again in a moment."),
    }
)
"""By the code that programs compare."""


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """RFC 9457, with a code for programs and the next step for people."""

    type: Annotated[str, Meta(description="urn:vedette:problem:CODE")]
    title: Annotated[str, Meta(description="What is wrong, the same for every problem of this code")]
    status: int
    code: Annotated[str, Meta(description="For programs")]
    detail: Annotated[str, Meta(description="Why, in this case")]
    next_step: Annotated[str, Meta(description="What to do about it")]
    instance: Annotated[str, Meta(description="urn:uuid: and the request's ID, as in X-Request-Id")]
    scope: Annotated[str | None, Meta(description="The scope that the key lacks")] = None


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Ends a request with a refusal: its code (KINDS), and why in this case."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        next_step: str = "",
        scope: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail
        self.next_step = next_step or self.kind.next_step
        self.scope = scope
        self.headers: Headers = list(headers or ())
        if self.kind.status == HTTPStatus.UNAUTHORIZED:
            self.headers.append((b"www-authenticate", b'Bearer realm="vedette"'))

    def answer(self, request_id: str) -> Answer:
        """Say it."""
        details = ProblemDetails(
            type=f"urn:vedette:problem:{self.code}",
            title=self.kind.title,
            status=self.kind.status,
            code=self.code,
            detail=self.detail,
            next_step=self.next_step,
            instance=f"urn:uuid:{request_id}",
            scope=self.scope,
        )
        return Answer(self.kind.status, msgspec.json.encode(details), PROBLEM_JSON, self.headers)
