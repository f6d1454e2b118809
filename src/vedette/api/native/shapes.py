"""Types that several areas share."""

from datetime import datetime
from typing import Annotated, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from vedette.verdict.risk import Risk

T = TypeVar("T")

MOST_ROWS: Final = 500

Limit = Annotated[int, Meta(ge=1, le=MOST_ROWS, description="Rows of a page")]
Cursor = Annotated[str, Meta(min_length=1, max_length=200, description="`next` of the page before")]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, description="Kept in the audit trail")]
Moment = Annotated[datetime, Meta(tz=True)]
RiskName = Literal["NONE", "ADVISORY", "LOW", "MEDIUM", "HIGH"]


class Page(msgspec.Struct, Generic[T]):
    """Some rows of a list; `next` is the cursor of those behind them, null at the end."""

    items: list[T]
    next: str | None = None


class Paging(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Parameters of every list in pages."""

    limit: Limit = 100
    cursor: Cursor | None = None


class Named(msgspec.Struct):
    """Something by ID and name."""

    id: UUID
    name: str


class Person(msgspec.Struct):
    """Somebody as Entra has them."""

    oid: UUID | None
    upn: str
    name: str
    email: str


def risk_name(risk: int) -> RiskName:
    """Name a stored risk."""
    return Risk(risk).name  # type: ignore[return-value] # the names of Risk are those of RiskName
