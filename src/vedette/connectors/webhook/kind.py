"""Webhooks: one request for each event, in order."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from django.utils.translation import gettext_lazy as _

from vedette.connectors import destination_http as calls
from vedette.connectors.destination_events import Told
from vedette.connectors.destination_http import Answer
from vedette.connectors.destination_kinds import Kind, Refusal, Sent, Target, Trouble
from vedette.connectors.routes import Budget
from vedette.connectors.webhook import messages, signing
from vedette.connectors.webhook.form import WebhookForm

PREVIOUS: Final = "previous_signing"
PREVIOUS_UNTIL: Final = "previous_until"
OVERLAP: Final = timedelta(hours=24)
"""How long a secret that was replaced still signs beside the new one."""


class WebhookKind(Kind):
    """Posts each event to an address."""

    name = "webhook"
    title = _("Webhook")
    text = _("Signed JSON to a program of yours, or messages in Microsoft Teams or Slack.")
    icon = "webhook"
    batch = 50
    form = WebhookForm
    generated = "signing"

    def send(self, target: Target, events: Sequence[Told], budget: Budget) -> Sent:
        """Post events one after the other; the first that cannot be told now holds up those behind it."""
        refused: dict[int, Refusal] = {}
        said = ""
        with calls.client() as caller:
            for index, event in enumerate(events):
                if budget.is_spent:
                    return Sent(index, refused, answer=said)
                answer = self._post(caller, target, event)
                found = answer if isinstance(answer, Trouble) else calls.verdict(answer)
                if isinstance(found, Trouble):
                    return Sent(index, refused, found, said)
                if isinstance(answer, Answer):
                    said = answer.said
                if found:
                    refused[index] = found
        return Sent(len(events), refused, answer=said)

    def preview(self, target: Target, event: Told) -> str:
        """Return the body."""
        return self._body(target, event).decode()

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the host: the rest of the address is a secret."""
        return str(settings.get("host", ""))

    def is_encrypted(self, settings: Mapping[str, Any]) -> bool:
        """Tell by the scheme, which the form keeps beside the host."""
        return settings.get("scheme") != "http"

    def made(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:
        """Make a signing secret where none was entered and somebody could check it."""
        needless = secrets.get("signing") or settings.get("template") != messages.JSON
        return {} if needless else {"signing": signing.new_secret()}

    def replaced(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """Take a new signing secret; the present one goes on signing for a day."""
        return {
            **secrets,
            PREVIOUS: secrets.get("signing", ""),
            PREVIOUS_UNTIL: (datetime.now(UTC) + OVERLAP).isoformat(),
            "signing": signing.new_secret(),
        }

    def _post(self, caller: httpx.Client, target: Target, event: Told) -> Answer | Trouble:
        body = self._body(target, event)
        signed = signing.headers(str(event.id), int(time.time()), body, keys(target.secrets))
        headers = {"Content-Type": "application/json", **signed}
        if target.secrets.get("authorization"):
            headers["Authorization"] = target.secrets["authorization"]
        return calls.post(caller, target.secrets["url"], content=body, headers=headers)

    def _body(self, target: Target, event: Told) -> bytes:
        template = target.settings.get("template", messages.JSON)
        return messages.body(template, event, target.settings.get("language", "en"))


def keys(secrets: Mapping[str, str]) -> list[bytes]:
    """Return the keys that sign: the present one first, and for a day the one before it."""
    found = [signing.key_of(secrets["signing"])] if secrets.get("signing") else []
    until = secrets.get(PREVIOUS_UNTIL)
    # Real time, as the receiver's: a signature's time is checked against its own clock.
    if secrets.get(PREVIOUS) and until and datetime.now(UTC) < datetime.fromisoformat(until):
        found.append(signing.key_of(secrets[PREVIOUS]))
    return found
