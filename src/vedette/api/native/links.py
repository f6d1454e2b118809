"""Link check: whether addresses are dangerous, by the organisation's lists. Nothing of what is asked is kept."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from vedette.api.native.problems import Problem
from vedette.api.native.route import Call
from vedette.api.native.threats import Evidence
from vedette.detection.web import WebVerdict, addresses_in, judge_url
from vedette.feeds import web_lists, web_settings
from vedette.verdict import classification, summary_in

Outcome = Literal["allowed", "clean", "suspicious", "blocked"]
Link = Annotated[str, Meta(min_length=1, max_length=8000)]

MOST_LINKS: Final = 50
_WORST: Final = ("blocked", "suspicious", "clean", "allowed")


class LinkWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to judge: addresses, or a text whose addresses are looked for; defanged ones too."""

    links: Annotated[list[Link], Meta(max_length=MOST_LINKS)] = []
    text: Annotated[str, Meta(max_length=20_000)] = ""


class Checked(msgspec.Struct, kw_only=True):
    """One address."""

    address: str
    outcome: Annotated[Outcome, Meta(description="clean: nothing speaks against it, which proves nothing")]
    stopped: Annotated[
        bool, Meta(description="Whether phones are kept from it, by the organisation's choice")
    ]
    classification: str
    title: str
    why: str
    evidence: list[Evidence]


class LinkAnswer(msgspec.Struct):
    """Every address, the worst first; `outcome` is the worst, none where there was no address."""

    outcome: Outcome | Literal["none"]
    links: list[Checked]


def check(call: Call[Any, LinkWish]) -> LinkAnswer:
    """Judge addresses."""
    wanted = list(dict.fromkeys([*call.body.links, *addresses_in(call.body.text)]))
    if len(wanted) > MOST_LINKS:
        raise Problem(
            "refused", f"There are {len(wanted)} addresses; at most {MOST_LINKS} are judged at once."
        )
    lists = web_lists.lists_of(call.tenant_id)
    suspicious_too = web_settings.settings_of(call.tenant_id).block_suspicious
    told = [_told(judge_url(link, lists), block_suspicious=suspicious_too) for link in wanted]
    told.sort(key=lambda link: _WORST.index(link.outcome))
    return LinkAnswer(told[0].outcome if told else "none", told)


def _told(verdict: WebVerdict, *, block_suspicious: bool) -> Checked:
    code = verdict.classification
    return Checked(
        address=verdict.subject,
        outcome=verdict.outcome,
        stopped=verdict.stops(block_suspicious=block_suspicious),
        classification=code,
        title=classification(code).title if code else "",
        why=summary_in("en", verdict.reasons) or "",
        evidence=[Evidence(item.rule, item.fact, item.value, item.source or "") for item in verdict.reasons],
    )
