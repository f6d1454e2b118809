"""What a kind of destination is; the closed folders register theirs when Django starts."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext

from vedette.connectors.destination_events import Told
from vedette.connectors.routes import Budget


@dataclass(frozen=True)
class Target:
    """A destination as its kind sees it: settings as its form made them, secrets opened."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Trouble:
    """Why a destination could not be told now: everything not settled waits.

    ``code`` is a key of destination_errors.ADVICE. ``retry_after``: seconds it asks to be left alone.
    ``perhaps_event``: the fault may lie in what was sent, so an event that meets it again and again becomes a dead
    letter.
    """

    code: str
    error: str
    retry_after: float | None = None
    perhaps_event: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why one event was refused for good: it becomes a dead letter, and the next is told."""

    code: str
    error: str


@dataclass(frozen=True)
class Sent:
    """What came of telling events in order.

    The first ``done`` are settled: told, or in ``refused`` by their index. The rest is told again later: at once where
    there is no ``trouble`` (time was up). ``answer`` is what the other side said last, for whoever tries it by hand.
    """

    done: int
    refused: Mapping[int, Refusal] = field(default_factory=dict)
    trouble: Trouble | None = None
    answer: str = ""


class DestinationForm(forms.Form):
    """Base of the kinds' forms: which cleaned fields are secrets, and what else a kind keeps."""

    SECRETS: tuple[str, ...] = ()
    SENT_TO: tuple[str, str] | None = None
    """The field with an address, and that with the secret which is sent there as it is."""

    def __init__(self, *arguments: Any, kept: frozenset[str] = frozenset(), **named: Any) -> None:
        """Make the form; `kept` names the secrets that are stored: left empty, they stay as they are."""
        super().__init__(*arguments, **named)
        self.kept = kept
        for name in self.SECRETS:
            self.fields[name].required = self.fields[name].required and name not in kept

    def clean(self) -> dict[str, Any]:
        """Ask for a stored secret anew when it would be sent to another place than the one it was entered for."""
        cleaned = super().clean() or self.cleaned_data
        if self.SENT_TO is None or self.SENT_TO[1] not in self.kept or cleaned.get(self.SENT_TO[1]):
            return cleaned
        place = self.place()
        if place is not None and place != self.place_before():
            self.add_error(
                self.SENT_TO[1],
                gettext(
                    "The address is another one: enter this again, so that it goes nowhere else unasked."
                ),
            )
        return cleaned

    def place(self) -> tuple[str, str] | None:
        """Return scheme and host of what was typed as address; None where nothing usable was."""
        typed = self.cleaned_data.get(self.SENT_TO[0]) if self.SENT_TO else ""
        return place_of(str(typed)) if typed else None

    def place_before(self) -> tuple[str, str]:
        """Return scheme and host of the address that is stored."""
        return place_of(str(self.initial.get(self.SENT_TO[0], ""))) if self.SENT_TO else ("", "")

    def settings(self) -> dict[str, Any]:
        """Return what is stored in the open."""
        return {name: value for name, value in self.cleaned_data.items() if name not in self.SECRETS}

    def secrets(self) -> dict[str, str]:
        """Return the secrets that were typed; what was left empty stays as it is."""
        return {name: str(value) for name in self.SECRETS if (value := self.cleaned_data.get(name))}


def place_of(url: str) -> tuple[str, str]:
    """Return scheme and host of an address, with its port and without a password."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


class Kind(ABC):
    """One way to tell another system of events. The folder of each has one."""

    name: str
    title: str | Promise
    text: str | Promise
    icon: str
    batch: int
    """Most events that are read and sent at a time."""
    form: type[DestinationForm]
    generated: str = ""
    """The secret that is made here and shown once, where a kind has one: it can be replaced."""

    @abstractmethod
    def send(self, target: Target, events: Sequence[Told], budget: Budget) -> Sent:
        """Tell events in order, outside any transaction; what goes wrong is part of the answer, not an exception."""

    @abstractmethod
    def preview(self, target: Target, event: Told) -> str:
        """Return what would be sent, without headers and secrets."""

    @abstractmethod
    def address(self, settings: Mapping[str, Any]) -> str:
        """Return where it goes, for people: never a secret."""

    def is_encrypted(self, settings: Mapping[str, Any]) -> bool:
        """Tell whether nobody on the way can read what is sent."""
        return all(not str(settings.get(name, "")).startswith("http:") for name in ("url", "endpoint"))

    def handout(self) -> str:
        """Return lines to paste at the receiver's side, where a kind has any."""
        return ""

    def made(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002 - what the kinds that make one look at
        """Return secrets that are made here for a new destination."""
        return {}

    def replaced(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """Return the secrets with a new one in place of the one that was made here."""
        return dict(secrets)


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to pages and runner."""
    KINDS[kind.name] = kind
