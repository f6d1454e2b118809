"""Silence alarms: nothing heard of a source for too long is an alarm of its own, not only an error (requirement H).

`THRESHOLDS` is the one table of how long is too long. Each source says when it was last heard; connectors offer
theirs when Django starts. An alarm is a connector error: told once when it lasts, past when the source is heard again.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max, Min, Q
from django.utils.translation import gettext_noop as _

from vedette.connectors import deliver, errors
from vedette.connectors.errors import LASTING, Advice, Problem
from vedette.devices.models import Device, Report
from vedette.feeds.models import FeedVersion
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant
from vedette.web import times

WATCH: Final = "watch"
"""Name of the connector that alarms are listed under."""

CHECK_INS: Final = "check_ins"
REPORTS: Final = "reports"
POLL: Final = "poll"
HEARTBEAT: Final = "heartbeat"
STATE_SYNC: Final = "state_sync"
NO_FEEDS: Final = "no_feeds"
FEEDS: Final = "feeds"
MAIL: Final = "mail"

THRESHOLDS: Final[dict[str, timedelta]] = {
    CHECK_INS: timedelta(hours=1),  # of 100 phones or more, which check in every 15 minutes; see PHONES
    REPORTS: timedelta(minutes=10),
    POLL: timedelta(hours=1),  # or three polls, if they are further apart
    HEARTBEAT: timedelta(minutes=30),  # or three heartbeats
    STATE_SYNC: timedelta(minutes=30),
    NO_FEEDS: timedelta(0),
    FEEDS: timedelta(days=30),
    MAIL: timedelta(hours=1),
}
# Few phones may all be off at night: (fewer than so many phones, hours of silence that are usual).
PHONES: Final = ((10, timedelta(hours=48)), (100, timedelta(hours=12)))


@dataclass(frozen=True)
class Heard:
    """When a source was last heard of (None: it has nothing to say), and how long silence is usual for it."""

    at: datetime | None
    usual: timedelta

    def silent(self, now: datetime) -> bool:
        """Tell whether it has been silent for too long."""
        return self.at is not None and now - self.at > self.usual


@dataclass(frozen=True)
class Source:
    """What is listened to; ``ask`` runs inside the tenant's door. The message has `%(span)s`, the silence so far."""

    code: str
    ask: Callable[[uuid.UUID], Heard]
    message: str
    advice: Advice


_sources: dict[str, Source] = {}


def listen(source: Source) -> None:
    """Add a source; called when Django starts."""
    _sources[source.code] = source


def sources() -> Sequence[Source]:
    """Return every source."""
    return list(_sources.values())


def look(tenant_id: uuid.UUID) -> list[str]:
    """Raise and end alarms of one tenant; return the codes of those that stand."""
    now = clock.now()
    with database.tenant(tenant_id):
        heard = {source.code: source.ask(tenant_id) for source in sources()}
    silent = [code for code, each in heard.items() if each.silent(now)]
    for code, source in _sources.items():
        if code in silent:
            errors.record(tenant_id, WATCH, _problem(source, heard[code], now))
        elif errors.stand(tenant_id, WATCH, code):
            errors.passed(tenant_id, WATCH, code)
    return silent


def _problem(source: Source, heard: Heard, now: datetime) -> Problem:
    span = times.duration(now - heard.at) if heard.at else ""
    words = {"span": span, "usual": times.duration(heard.usual)}
    return Problem(source.code, f"silence_{source.code}", source.message, source.advice, words)


def _check_ins(_tenant_id: uuid.UUID) -> Heard:
    """The youngest check-in of all active phones; a tenant without any has nothing to say.

    How long is usual depends on how many were connected then: that they count as disconnected later, because
    nobody is heard, ends no silence.
    """
    phones = Device.objects.filter(activation_status=Device.Activation.ACTIVATED, last_seen_at__isnull=False)
    youngest = phones.aggregate(youngest=Max("last_seen_at"))["youngest"]
    count = (
        phones.filter(Q(disconnected_at=None) | Q(disconnected_at__gt=youngest)).count() if youngest else 0
    )
    usual = next((span for fewer, span in PHONES if count < fewer), THRESHOLDS[CHECK_INS])
    return Heard(youngest, usual)


def _reports(_tenant_id: uuid.UUID) -> Heard:
    oldest = Report.objects.filter(assessed_at=None).aggregate(oldest=Min("received_at"))["oldest"]
    return Heard(oldest, THRESHOLDS[REPORTS])


def _state_sync(_tenant_id: uuid.UUID) -> Heard:
    return Heard(deliver.waiting().aggregate(oldest=Min("requested_at"))["oldest"], THRESHOLDS[STATE_SYNC])


def _no_feeds(tenant_id: uuid.UUID) -> Heard:
    loaded = FeedVersion.objects.filter(active=True).exists()
    since = None if loaded else Tenant.objects.values_list("created_at", flat=True).get(pk=tenant_id)
    return Heard(since, THRESHOLDS[NO_FEEDS])


def _feeds(_tenant_id: uuid.UUID) -> Heard:
    """The feed that is fresh longest: one that is frozen on purpose raises no alarm while another is kept."""
    active = FeedVersion.objects.filter(active=True).order_by("-imported_at")
    return Heard(active.values_list("imported_at", flat=True).first(), THRESHOLDS[FEEDS])


_SERVICE: Final = _(
    "See whether `vedette worker` runs and what /readyz and its log say; restart it if it stands still."
)

listen(
    Source(
        CHECK_INS,
        _check_ins,
        _("No phone has checked in for %(span)s, though some did before (usual: at most %(usual)s)."),
        Advice(
            _(
                "What happens on the phones is not seen. Each keeps its last verdict until it counts as disconnected."
            ),
            _(
                "Open the address of this service from a phone's network, and look at the proxy, the certificate and "
                "the firewall before it."
            ),
            LASTING,
        ),
    )
)
listen(
    Source(
        REPORTS,
        _reports,
        _("Reports of phones have been waiting to be judged for %(span)s."),
        Advice(_("Threats in them are not seen yet, and recoveries are not let in yet."), _SERVICE, LASTING),
    )
)
listen(
    Source(
        STATE_SYNC,
        _state_sync,
        _("The oldest state that is owed to Microsoft has been waiting for %(span)s."),
        Advice(
            _(
                "Rules at Microsoft still act on what they were told before: phones at risk get in, mended ones do not."
            ),
            _("Look at the other errors of the connector; then see whether `vedette worker` runs."),
            LASTING,
        ),
    )
)
listen(
    Source(
        NO_FEEDS,
        _no_feeds,
        _("No threat intelligence is loaded."),
        Advice(
            _("Applications cannot be compared with known harmful ones, so no phone counts as secured."),
            _("Load a feed: `vedette intel import FILE` (see the operator guide)."),
            LASTING,
        ),
    )
)
listen(
    Source(
        FEEDS,
        _feeds,
        _("No threat feed has been renewed for %(span)s."),
        Advice(
            _(
                "Harmful applications that became known since are not recognised by their name, file or signer."
            ),
            _("Import a newer version: `vedette intel import FILE`, best by a daily timer."),
            LASTING,
        ),
    )
)
