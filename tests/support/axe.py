"""axe on a page: what a screen reader, a keyboard or weak eyes would stumble over."""

from typing import Final

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page

MARK: Final = "data-contrast"
CONTRAST: Final = "color-contrast"

# passes are not told node by node
RUN: Final = """([rules, known]) => {
  const fresh = markText(new Set(known));
  axe.configure({rules: [{id: "color-contrast", selector: "[data-contrast]"}]});
  const wanted = rules.length ? {runOnly: rules, resultTypes: ["violations"]} : {resultTypes: ["violations"]};
  return axe.run(wanted).then(found => ({violations: found.violations, fresh}));
}"""

# Contrast is three quarters of a run, and pages repeat their rows, buttons and menus: text is judged once for
# each colour, size and weight on each ground. The ground of a text is what is painted behind it: the colours from
# the nearest opaque one inwards. Where a picture, a gradient, a filter or a place of its own may come between, it is
# judged each time. Colours are as computed, so a theme is a ground of its own.
MARK_TEXT: Final = """
window.markText = (known) => {
  const grounds = new Map(), fresh = [];
  const clear = (colour) => colour === "rgba(0, 0, 0, 0)";
  const opaque = (colour) => colour.startsWith("rgb(");
  const ground = (element) => {
    if (!element) return "";
    if (grounds.has(element)) return grounds.get(element);
    const style = getComputedStyle(element), behind = ground(element.parentElement);
    const plain = style.backgroundImage === "none" && style.opacity === "1" && style.filter === "none"
      && style.mixBlendMode === "normal" && style.clipPath === "none";
    const inFlow = ["static", "relative"].includes(style.position) && style.transform === "none";
    let own = null;
    if (plain && opaque(style.backgroundColor) && behind !== null) own = style.backgroundColor;
    else if (plain && inFlow && behind !== null)
      own = clear(style.backgroundColor) ? behind : `${behind}/${style.backgroundColor}`;
    grounds.set(element, own);
    return own;
  };
  const written = (element) => element.matches("input, select, textarea, button")
    || [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  for (const element of document.body.querySelectorAll("*")) {
    element.removeAttribute("data-contrast");
    if (!written(element)) continue;
    const style = getComputedStyle(element), behind = ground(element);
    const look = [style.color, style.fontSize, style.fontWeight, style.textShadow, behind].join(";");
    if (behind !== null && known.has(look)) continue;
    element.setAttribute("data-contrast", "");
    if (behind !== null) fresh.push(look);
  }
  return fresh;
};
null
"""

_enough: set[str] = set()
"""Looks of text whose contrast was found to be enough."""


def look(page: Page, *rules: str) -> AxeResults:
    """Return what axe finds wrong with the page as it is now. RULES: look for these only."""
    # reading the script costs as much as a run: once for each document
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT + MARK_TEXT)
    found = page.evaluate(RUN, [rules, sorted(_enough)])
    fresh = found.pop("fresh")
    if CONTRAST not in {violation["id"] for violation in found["violations"]}:
        _enough.update(fresh)
    return AxeResults(found)


def faults(page: Page, *rules: str) -> str:
    """Say what is wrong in words; nothing found is an empty text."""
    found = look(page, *rules)
    return str(found.generate_report()) if found.violations_count else ""
