"""What is said of a host or an address of a page."""

from dataclasses import dataclass
from typing import Literal

from vedette.verdict.findings import Evidence

Outcome = Literal["allowed", "clean", "suspicious", "blocked"]


@dataclass(frozen=True)
class WebVerdict:
    """A verdict with its reasons, strongest first.

    `allowed`: the organisation says so, whatever else is known. `clean`: nothing speaks against it, which proves
    nothing. `suspicious`: signs without a list. `blocked`: a list names it, or it imitates a name letter by letter.
    `classification` is empty unless suspicious or blocked. `subject`: the host, or the address, that was judged.
    """

    outcome: Outcome
    classification: str
    reasons: tuple[Evidence, ...]
    subject: str

    def stops(self, *, block_suspicious: bool) -> bool:
        """Tell whether a phone is kept from it; what to do with the suspicious is the organisation's choice."""
        return self.outcome == "blocked" or (block_suspicious and self.outcome == "suspicious")
