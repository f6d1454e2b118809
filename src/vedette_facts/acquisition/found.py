"""What was read of an acquisition, collected while its files are gone through."""

from dataclasses import dataclass, field
from typing import TypeVar

from vedette_facts.apk.facts import ApkFacts
from vedette_facts.ios.ipa import IpaFacts
from vedette_facts.limits import MAX_LISTED, Unread
from vedette_facts.report import Facts
from vedette_facts.traces import Moment, Trace

T = TypeVar("T")


@dataclass(frozen=True)
class Acquisition:
    """The result. `kind`: what it was taken for, in words. `facts` None: nothing in it tells of the phone itself.

    `apks`, `ipas`: files of applications, where it is such files that were read.
    """

    kind: str
    facts: Facts | None
    traces: tuple[Trace, ...] = ()
    timeline: tuple[Moment, ...] = ()
    unread: tuple[Unread, ...] = ()
    apks: tuple[ApkFacts, ...] = ()
    ipas: tuple[IpaFacts, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read that could be judged."""
        return self.facts is None and not (self.traces or self.apks or self.ipas)


@dataclass
class Found:
    """Traces, moments and what could not be read, with a bound on each."""

    traces: list[Trace] = field(default_factory=list)
    timeline: list[Moment] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    _cut: set[str] = field(default_factory=set)

    def add(self, traces: list[Trace], timeline: list[Moment] | None = None) -> None:
        """Keep traces and moments; what is beyond the bound is named once as not read."""
        self._extend(self.traces, traces, "traces")
        self._extend(self.timeline, timeline or [], "timeline")

    def miss(self, path: str, why: str) -> None:
        """Note what could not be read."""
        self._extend(self.unread, [Unread(path, why)], "unread")

    def done(self, kind: str, facts: Facts | None) -> Acquisition:
        """Finish: the timeline in order of time."""
        timeline = sorted(self.timeline, key=lambda moment: moment.at)
        return Acquisition(kind, facts, tuple(self.traces), tuple(timeline), tuple(self.unread))

    def _extend(self, kept: list[T], more: list[T], name: str) -> None:
        room = MAX_LISTED - len(kept)
        kept.extend(more[:room])
        if len(more) > room and name not in self._cut:
            self._cut.add(name)
            if kept is not self.unread:
                self.unread.append(
                    Unread(".", f"Only the first {MAX_LISTED:,} entries of the {name} were kept.")
                )
