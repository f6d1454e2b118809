"""Applications that carry the name of a known harmful one: all that Intune's inventory can tell.

Intune names applications without their package (Graph `detectedApp`), and anybody may call an application
anything. So a name alone makes a risky app of it, never malware, whatever the feed rates the namesake.
"""

from collections.abc import Iterator

from vedette.detection.detector import Context, fine, found
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.management import NamedApp, WholeFacts
from vedette_facts.report import Facts

LISTED_NAME = "apps.listed_name"
CODE = "RISKWARE"


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge an inventory of Intune; without one there is no rule, so no missing answer."""
    inventory = facts.named_apps if isinstance(facts, WholeFacts) else None
    if inventory is None:
        return
    for app in inventory.apps:
        yield from _listed(app, context)
    yield fine(LISTED_NAME, CODE, "name:*", "Intune's inventory compared by name")


def _listed(app: NamedApp, context: Context) -> Iterator[Observation]:
    name = " ".join(app.name.casefold().split())
    known = context.names.get(name)
    if known is None:
        return
    family, feed = known[0], str(known[1])
    label = f"{app.name} ({app.publisher})" if app.publisher else app.name
    evidence = (
        Evidence("app", label, LISTED_NAME),
        Evidence("family", family, LISTED_NAME, feed),
        Evidence("feed", feed, LISTED_NAME, feed),
        *((Evidence("version", app.version, LISTED_NAME),) if app.version else ()),
    )
    yield found(CODE, f"name:{name}", evidence, family=family, source=feed)
