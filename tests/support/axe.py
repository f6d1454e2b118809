"""axe on a page: what a screen reader, a keyboard or weak eyes would stumble over."""

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page

# passes are not told node by node
RUN = """rules => axe.run(rules.length ? {runOnly: rules, resultTypes: ["violations"]} : {resultTypes: ["violations"]})
  .then(found => ({violations: found.violations}))"""


def look(page: Page, *rules: str) -> AxeResults:
    """Return what axe finds wrong with the page as it is now. RULES: look for these only."""
    # reading the script costs as much as a run: once for each document
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return AxeResults(page.evaluate(RUN, rules))


def faults(page: Page, *rules: str) -> str:
    """Say what is wrong in words; nothing found is an empty text."""
    found = look(page, *rules)
    return str(found.generate_report()) if found.violations_count else ""
