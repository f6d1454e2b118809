"""`dumpsys` and `dumpstate`: one long text, cut into services and sections."""

import re
from collections.abc import Iterator

_SERVICE = re.compile(
    r"^DUMP OF SERVICE (?:(?:CRITICAL|HIGH|NORMAL) )?(?P<name>[\w.@/-]+):\s*$", re.MULTILINE
)
_SERVICE_END = re.compile(r"^-{9} [\d.]+s was the duration of dumpsys|^-{79}$", re.MULTILINE)
_SECTION = re.compile(r"^------ (?P<name>.+?) ------$", re.MULTILINE)


def services(text: str) -> dict[str, str]:
    """Texts of services by name; a service that is dumped twice keeps the longer text."""
    found: dict[str, str] = {}
    for match in _SERVICE.finditer(text):
        end = _SERVICE_END.search(text, match.end())
        body = text[match.end() : end.start() if end else len(text)]
        if len(body) > len(found.get(match["name"], "")):
            found[match["name"]] = body
    return found


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Sections of a bug report: the title as it stands there (`SYSTEM PROPERTIES (getprop)`) and the text below."""
    matches = list(_SECTION.finditer(text))
    for match, end in zip(matches, [*(m.start() for m in matches[1:]), len(text)], strict=False):
        yield match["name"], text[match.end() : end]
