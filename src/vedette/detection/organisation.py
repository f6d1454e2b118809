"""Applications against the organisation's own lists and rules."""

from collections.abc import Iterator

from vedette.detection.app_lists import CAPABILITY, LISTED, evidence_of, unjudged
from vedette.detection.detector import Context, found, unknown
from vedette.verdict.findings import Observation
from vedette_facts.report import Facts

CODE = "DENYLISTED_APP"


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge the inventory; without lists too, so that what a removed entry found is resolved."""
    if facts.apps is None:
        return
    system = frozenset(app.package for app in facts.apps if app.system)
    for app in facts.apps:
        for key, evidence in evidence_of(app, context.lists, system):
            yield found(CODE, key, evidence)
    exempt = frozenset(unjudged(facts.apps, context.lists))
    for rule, prefix in ((LISTED, "app:*"), (CAPABILITY, "rule:*")):
        if facts.apps_complete:
            detail = "complete list of applications checked"
            yield Observation(rule, "ok", CODE, prefix, detail=detail, exempt=exempt)
        elif context.lists.denied or context.lists.rules:
            yield unknown(rule, CODE, prefix, "the list of applications is not complete")
