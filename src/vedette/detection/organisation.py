"""Applications against the organisation's own lists and rules."""

from collections.abc import Iterator

from vedette.detection.app_lists import CAPABILITY, LISTED, evidence_of, unjudged
from vedette.detection.detector import Context, closing, found
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
    if facts.apps_complete or context.lists.denied or context.lists.rules:
        for rule, prefix in ((LISTED, "app"), (CAPABILITY, "rule")):
            yield closing(rule, CODE, prefix, complete=facts.apps_complete, exempt=exempt)
