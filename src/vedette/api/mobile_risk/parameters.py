"""Parameters of a request, read one by one: empty ones count as left out, wrong ones are explained, others ignored."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vedette.api.mobile_risk.answers import ProblemError
from vedette.foundation import clock

DEFAULT_LIMIT: Final = 100
MOST: Final = 1000
_SPANS: Final = {
    "ALL": None,
    "LAST_30_DAYS": 30,
    "LAST_60_DAYS": 60,
    "LAST_90_DAYS": 90,
    "LAST_6_MONTHS": 182,
}
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})
_DIGITS: Final = 18


@dataclass(frozen=True)
class Choice:
    """A value that rows must have, or with `!` in front must not have."""

    value: str
    negated: bool = False


class Parameters:
    """Typed access to the parameters of one request; each method raises ProblemError 400 for a wrong value."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def text(self, name: str) -> str | None:
        """Return a parameter as it is; None when it is missing or empty."""
        value = self._given.get(name, "").strip()
        if "\0" in value:
            raise wrong(name, value, "text without NUL")
        return value or None

    def choice(self, name: str, choices: Collection[str]) -> Choice | None:
        """Return one of `choices`, with `!` in front for all others."""
        value = self.text(name)
        if value is None:
            return None
        chosen = Choice(value.removeprefix("!").upper(), negated=value.startswith("!"))
        if chosen.value not in choices:
            raise wrong(name, value, "one of " + ", ".join(sorted(choices)) + ", with ! in front for not")
        return chosen

    def guid(self, name: str) -> UUID | None:
        """Return a UUID."""
        value = self.text(name)
        try:
            return UUID(value) if value else None
        except ValueError:
            raise wrong(name, value, "a UUID") from None

    def flag(self, name: str) -> bool | None:
        """Return a yes or no."""
        value = (self.text(name) or "").lower()
        if value and value not in _TRUE | _FALSE:
            raise wrong(name, value, "true or false")
        return value in _TRUE if value else None

    def number(self, name: str, least: int, most: int, among: Collection[int] | None = None) -> int | None:
        """Return a whole number within limits, or one of a few."""
        value = self.text(name)
        if value is None:
            return None
        plain = value.removeprefix("-").isdecimal() and value.isascii() and len(value) <= _DIGITS
        number = int(value) if plain else None
        if number is None or not least <= number <= most or (among is not None and number not in among):
            expected = "one of " + ", ".join(map(str, among)) if among else f"a whole number from {least}"
            raise wrong(name, value, expected)
        return number

    def limit(self, default: int = DEFAULT_LIMIT, most: int = MOST) -> int:
        """Return how many rows are wanted; more than the most there are is the most."""
        given = self.number("limit", 0, 10**15)
        return min(default if given is None else given, most)

    def since_timeframe(self) -> dt.datetime | None:
        """Return the beginning of `timeframe`; None for all."""
        chosen = self.choice("timeframe", _SPANS)
        days = _SPANS[chosen.value] if chosen else None
        return clock.now() - dt.timedelta(days=days) if days else None

    def moment(self, name: str) -> dt.datetime | None:
        """Return a time: ISO 8601, UTC where no offset is given. A blank for `+` is what clients forget to quote."""
        value = self.text(name)
        if value is None:
            return None
        try:
            found = dt.datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
            found = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
            return found.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise wrong(name, value, "a time like 2026-03-05T12:00:00Z") from None

    def date(self, name: str) -> dt.date | None:
        """Return a day."""
        value = self.text(name)
        try:
            return dt.date.fromisoformat(value) if value else None
        except ValueError:
            raise wrong(name, value, "a day like 2026-03-05") from None


def wrong(name: str, value: object, expected: str) -> ProblemError:
    """Say which parameter is wrong and what was expected."""
    return ProblemError(400, f"{name}={value!s:.100} is wrong: it must be {expected}.", "BAD_REQUEST")
