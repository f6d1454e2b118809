"""What `vedette doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``what`` was found, and what to do if it is not ok."""

    name: str
    ok: bool
    what: str
