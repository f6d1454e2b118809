"""Under which names anybody can register one: the public suffix list, its private section included.

The private section names hosts under which strangers get a name of their own (pages.dev, github.io, blogspot.com): what
lies there belongs to different people, so the name below it counts as registered (detection.md 1.9). The list comes
with the library `publicsuffixlist`, dated in its version; nothing is fetched.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

SHARED: Final = (
    "000webhostapp.com", "weebly.com", "wixsite.com", "mystrikingly.com", "godaddysites.com",
    "webador.com", "jimdofree.com", "jimdosite.com", "ucraft.net", "yolasite.com", "webnode.page",
    "site123.me", "glitch.me", "tumblr.com", "wordpress.com", "medium.com", "substack.com",
    "carrd.co", "bio.link", "ipfs.io", "dweb.link", "sharepoint.com", "hubspotpagebuilder.com",
    "dynamic-dns.net", "changeip.org", "changeip.net", "myvnc.com", "servebeer.com", "sytes.net",
    "zapto.org", "hopto.org",
)  # fmt: skip
"""Hosts that let strangers register names below them without standing in the public suffix list."""

_PRIVATE_SECTION: Final = "===BEGIN PRIVATE DOMAINS==="


class Split(NamedTuple):
    """A host name in parts: `registrable` is the suffix and one label more, empty where the name is a suffix.

    `private`: strangers register names below this suffix, though it belongs to a company. `known`: the list names the
    top-level domain.
    """

    suffix: str
    registrable: str
    private: bool
    known: bool


class PublicSuffixes:
    """The list, ready for look-ups. Never changes; safe to share between threads."""

    __slots__ = ("_rules",)

    def __init__(self, lines: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Read lines of public_suffix_list.dat; `shared` adds private suffixes."""
        rules: dict[str, bool] = {}
        private = False
        for line in lines:
            rule = line.strip().split(" ")[0]
            if _PRIVATE_SECTION in line:
                private = True
            if rule and not rule.startswith("//"):
                rules[_ascii(rule)] = private
        self._rules: Mapping[str, bool] = {**dict.fromkeys(shared, True), **rules}

    def split(self, host: str) -> Split:
        """Split a host name in lower case and ASCII; addresses must not be given. An unknown ending is a suffix."""
        rules = self._rules
        labels = host.split(".")
        last = len(labels) - 1
        start, private, known = last, False, labels[last] in rules or f"*.{labels[last]}" in rules
        name = ""
        for at in range(last, -1, -1):
            below, name = name, f"{labels[at]}.{name}" if name else labels[at]
            if f"!{name}" in rules:
                start, private = at + 1, rules[f"!{name}"]
                break
            if name in rules:
                start, private = at, rules[name]
            elif below and f"*.{below}" in rules:
                start, private = at, rules[f"*.{below}"]
        suffix = ".".join(labels[start:])
        return Split(suffix, ".".join(labels[start - 1 :]) if start else "", private, known)

    def knows_ending(self, label: str) -> bool:
        """Tell whether a top-level domain exists, in ASCII."""
        return label in self._rules or f"*.{label}" in self._rules


@cache
def bundled() -> PublicSuffixes:
    """Give the list that is installed with the product, read once."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    return PublicSuffixes(text.splitlines(), SHARED)


def _ascii(rule: str) -> str:
    rule = rule.lower()
    if rule.isascii():
        return rule
    mark = rule[: len(rule) - len(rule.lstrip("!*."))]
    labels = rule[len(mark) :].split(".")
    return mark + ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels
    )
