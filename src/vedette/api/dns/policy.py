"""What an organisation decided for its phones' names, as the resolver needs it: pure, made by policies.py."""

import logging
import re
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast
from uuid import UUID

from vedette.api.dns.answers import BLOCKED, FILTERED
from vedette.detection.web import WebVerdict
from vedette.foundation.name_server import NameServer

log = logging.getLogger(__name__)

REMEMBERED: Final = 10_000
CHOSEN: Final = frozenset({"OBJECTIONABLE_CONTENT"})
"""Classifications that are a choice of content, not a danger: RFC 8914 calls their answer Filtered."""

_TELLING: Final = frozenset({"suspicious", "blocked"})
_HOST: Final = re.compile(r"[a-z0-9_.-]*").fullmatch
_UP_TO_THE_LAST_ODD_LABEL: Final = re.compile(r".*\\[^.]*\.?").sub


class UnsureError(Exception):
    """A name could not be judged, and the organisation wants such names blocked."""


@dataclass(frozen=True)
class Policy:
    """One organisation's choices, in force until the next look. `judge` is its verdict on a host name."""

    tenant_id: UUID
    upstream: NameServer | None
    on: bool
    block_suspicious: bool
    sinkhole: bool
    fail_closed: bool
    pause_minutes: int
    judge: Callable[[str], WebVerdict]
    _known: OrderedDict[str, WebVerdict | None] = field(
        default_factory=OrderedDict, compare=False, repr=False
    )

    def told(self, name: str) -> WebVerdict | None:
        """Return the verdict on a name that is worth telling: suspicious or blocked. Raises UnsureError."""
        known = self._known.get(name, self)
        if known is not self:
            return cast("WebVerdict | None", known)
        verdict = self._known[name] = self._judged(name)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return verdict

    def stops(self, verdict: WebVerdict) -> bool:
        """Tell whether a verdict keeps the phone from the name."""
        return verdict.stops(block_suspicious=self.block_suspicious)

    def _judged(self, name: str) -> WebVerdict | None:
        host = host_of(name)
        if not host:
            return None
        try:
            verdict = self.judge(host)
        except Exception as error:  # noqa: BLE001 - whatever it is, the organisation decided what follows
            # neither the name nor the error's text, which may hold it: it may well be a clean one
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("No verdict for tenant %s: %s at\n%s", self.tenant_id, type(error).__name__, where)  # noqa: TRY400 - as above
            if self.fail_closed:
                raise UnsureError from None
            return None
        return verdict if verdict.outcome in _TELLING else None


def host_of(name: str) -> str:
    """Return the part of a DNS name that can be a host: what stands behind labels with odd characters in them."""
    return name if _HOST(name) else _UP_TO_THE_LAST_ODD_LABEL("", name)


def error_code(verdict: WebVerdict) -> int:
    """Return the Extended DNS Error of a blocked name (RFC 8914)."""
    return FILTERED if verdict.classification in CHOSEN else BLOCKED
