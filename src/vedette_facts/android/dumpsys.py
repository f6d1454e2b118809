"""`dumpsys` and `dumpstate`: one long text, cut into services and sections."""

import re
from collections.abc import Iterator

_MARK = re.compile(
    r"^DUMP OF SERVICE (?:(?:CRITICAL|HIGH|NORMAL) )?(?P<name>[\w.@/-]{1,255}):[ \t]*$"
    r"|^-{9} [\d.]{1,20}s was the duration of dumpsys|^-{79}$",
    re.MULTILINE,
)
"""The head of a service, or what ends one. One pass over the text, however many heads without an end it holds."""
_SECTION = re.compile(r"^------ (?P<name>.+?) ------$", re.MULTILINE)


def services(text: str) -> dict[str, str]:
    """Texts of services by name; a service that is dumped twice keeps the longer text."""
    found: dict[str, str] = {}
    marks = list(_MARK.finditer(text))
    for mark, end in zip(marks, [*(m.start() for m in marks[1:]), len(text)], strict=False):
        name, body = mark["name"], text[mark.end() : end]
        if name and len(body) > len(found.get(name, "")):
            found[name] = body
    return found


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Sections of a bug report: the title as it stands there (`SYSTEM PROPERTIES (getprop)`) and the text below."""
    matches = list(_SECTION.finditer(text))
    for match, end in zip(matches, [*(m.start() for m in matches[1:]), len(text)], strict=False):
        yield match["name"], text[match.end() : end]
