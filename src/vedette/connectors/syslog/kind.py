"""Syslog: a connection for each batch, messages in order."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import Kind, Sent, Target
from vedette.connectors.routes import Budget
from vedette.connectors.syslog import message, transport
from vedette.connectors.syslog.form import SyslogForm


class SyslogKind(Kind):
    """Sends events to a syslog receiver."""

    name = "syslog"
    title = _("Syslog")
    text = _(
        "RFC 5424 over TLS, TCP or UDP with JSON, CEF or LEEF: QRadar, ArcSight, rsyslog, syslog-ng and others."
    )
    icon = "terminal-2"
    batch = 200
    form = SyslogForm

    def send(self, target: Target, events: Sequence[Told], budget: Budget) -> Sent:  # noqa: ARG002 - a batch is one write
        """Send events."""
        settings = target.settings
        return transport.send(
            settings["protocol"],
            settings["host"],
            settings["port"],
            [self._message(target, event) for event in events],
            authorities=settings.get("authorities", ""),
            certificate=settings.get("client_certificate", ""),
            key=target.secrets.get("client_key", ""),
        )

    def preview(self, target: Target, event: Told) -> str:
        """Return the message."""
        return self._message(target, event).decode()

    def is_encrypted(self, settings: Mapping[str, Any]) -> bool:
        """Only TLS is."""
        return bool(settings["protocol"] == transport.TLS)

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return host, port and protocol."""
        host = f"[{settings['host']}]" if ":" in settings["host"] else settings["host"]
        return f"{host}:{settings['port']} ({settings['protocol'].upper()})"

    def _message(self, target: Target, event: Told) -> bytes:
        return message.message(target.settings["body"], target.settings["facility"], event)
