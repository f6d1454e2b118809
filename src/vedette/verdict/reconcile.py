"""Open threats against fresh observations: what is new, what is still there, what is proven gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from vedette.verdict.findings import Finding, Observation


class Threat(Protocol):
    """An unresolved threat (open or ignored) as the table of threats holds it."""

    @property
    def classification(self) -> str:
        """Code of its classification."""

    @property
    def key(self) -> str:
        """What identifies it on the device."""


T = TypeVar("T", bound=Threat)


@dataclass(frozen=True)
class Changes(Generic[T]):
    """What one run of the detectors changes. Every threat given is in `still_open` or `resolved`.

    `new`: findings without a threat. `still_open`: threats with the fresh finding, or None where no answer
    came. `resolved`: threats of which the observations prove the absence.
    """

    new: tuple[Finding, ...]
    still_open: tuple[tuple[T, Finding | None], ...]
    resolved: tuple[T, ...]


def reconcile(open_threats: Iterable[T], observations: Iterable[Observation]) -> Changes[T]:
    """Compare unresolved threats with one complete run of the detectors (design.md 2, rule 2).

    A finding keeps its threat open; a rule that answered *unknown* about it does too; only *ok* resolves;
    silence resolves nothing. Findings with the same classification and key count once.
    """
    seen = tuple(observations)
    found = {(o.finding.classification, o.finding.key): o.finding for o in seen if o.finding is not None}
    still_open: list[tuple[T, Finding | None]] = []
    resolved: list[T] = []
    known = set()
    for threat in open_threats:
        identity = (threat.classification, threat.key)
        known.add(identity)
        finding = found.get(identity)
        if finding is None and _proven_absent(threat, seen):
            resolved.append(threat)
        else:
            still_open.append((threat, finding))
    new = tuple(finding for identity, finding in found.items() if identity not in known)
    return Changes(new, tuple(still_open), tuple(resolved))


def _proven_absent(threat: Threat, observations: Iterable[Observation]) -> bool:
    about = [o for o in observations if o.covers(threat.classification, threat.key)]
    return (
        any(o.status == "ok" for o in about)
        and not any(o.status == "unknown" for o in about)
        and not any(o.spares(threat.key) for o in about)
    )
