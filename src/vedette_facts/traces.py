"""What an acquisition holds beside the facts: addresses, files, processes and properties that may be known as bad."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vedette_facts.fields import Line

Kind = Literal["url", "file", "process", "property", "email", "app"]


class Trace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing seen on the phone. `value`: the address, path or name; `where`: the file it stands in.

    `hashes`: of a file, in lower-case hex, told apart by their length. `at`: when it happened on the phone.
    """

    kind: Kind
    value: Annotated[str, Meta(min_length=1, max_length=4096)]
    where: Line
    hashes: tuple[str, ...] = ()
    at: dt.datetime | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline: when, what, and the file of the acquisition that says so."""

    at: dt.datetime
    what: Annotated[str, Meta(max_length=1000)]
    where: Line
