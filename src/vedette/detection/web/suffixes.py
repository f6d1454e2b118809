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
    "carrd.co", "bio.link", "ipfs.io", "dweb.link", "hubspotpagebuilder.com",
    "dynamic-dns.net", "changeip.org", "changeip.net", "myvnc.com", "servebeer.com", "sytes.net",
    "zapto.org", "hopto.org",
)  # fmt: skip
"""Hosts that let strangers register names below them without standing in the public suffix list."""

_SECTORS: Final = frozenset({"com", "co", "net", "org", "gov", "edu", "ac", "or", "ne", "go"})
"""Before a country's ending these make a registry's name (com.ru), also where a company runs it."""
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

    __slots__ = ("_below", "_exactly", "_except")

    def __init__(self, lines: Iterable[str], shared: Iterable[str] = ()) -> None:
        """Read lines of public_suffix_list.dat; `shared` adds private suffixes. Values tell the private ones."""
        exactly: dict[str, bool] = dict.fromkeys(shared, True)
        below: dict[str, bool] = {}
        excepted: dict[str, bool] = {}
        private = False
        for line in lines:
            rule = line.strip().split(" ")[0]
            if _PRIVATE_SECTION in line:
                private = True
            if not rule or rule.startswith("//"):
                continue
            if rule.startswith("!"):
                excepted[_ascii(rule[1:])] = private
            elif rule.startswith("*."):
                below[_ascii(rule[2:])] = private
            else:
                exactly[_ascii(rule)] = private
        self._exactly: Final[Mapping[str, bool]] = exactly
        self._below: Final[Mapping[str, bool]] = below
        self._except: Final[Mapping[str, bool]] = excepted

    def split(self, host: str) -> Split:
        """Split a host name in lower case and ASCII; addresses must not be given. An unknown ending is a suffix."""
        exactly, below, excepted = self._exactly, self._below, self._except
        labels = host.split(".")
        at = last = len(labels) - 1
        name, start, private = labels[last], last, False
        while True:
            if name in excepted:
                start, private = at + 1, excepted[name]
                break
            if name in exactly:
                start, private = at, exactly[name]
            wild = below.get(name)
            if wild is not None:
                start, private = max(at - 1, 0), wild
            if at == 0:
                break
            at -= 1
            name = f"{labels[at]}.{name}"
        private = private and not (labels[start] in _SECTORS and len(labels[last]) == 2)  # noqa: PLR2004 - a country
        known = self.knows_ending(labels[last])
        return Split(".".join(labels[start:]), ".".join(labels[start - 1 :]) if start else "", private, known)

    def knows_ending(self, label: str) -> bool:
        """Tell whether a top-level domain exists, in ASCII."""
        return label in self._exactly or label in self._below


@cache
def bundled() -> PublicSuffixes:
    """Give the list that is installed with the product, read once."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    return PublicSuffixes(text.splitlines(), SHARED)


def _ascii(rule: str) -> str:
    rule = rule.lower()
    if rule.isascii():
        return rule
    labels = rule.split(".")
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels
    )
