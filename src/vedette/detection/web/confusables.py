"""Letters that look like others: how a name reads to somebody who looks at it quickly.

The table holds letters that can stand in a host name and look like one or two letters of a to z in common type faces
(Unicode UTS 39, section 4, confusable detection, gives the principle: two names with the same skeleton look alike).
Accents fall away by decomposition.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_BY_LETTER: Final = {
    # Cyrillic, Greek, Armenian, then what looks alike in other Latin letters, Cherokee, small capitals, Lisu
    "a": "\u0430\u03b1\u0251\u1d00\ua4ee\u0501",
    "b": "\u044c\u0432\u0432\u0184\u13cf\u042c\u0299\u15af\u0253\u0180\u0183",
    "c": "\u0441\u03f2\u1d04\ua4da\u0188\u023c\u2ca5",
    "d": "\u0501\u0257\u0256\u13e7\u146f\u0111\ua4d2",
    "e": "\u0435\u0454\u0465\u1d07\u0247\u212e\u04bd\u04d9",
    "f": "\u0192\ua799\u0584\u1e9d\u03dd",
    "g": "\u0261\u0581\u018d\u1d83\u01e5\u0260\u050d",
    "h": "\u04bb\u0570\u13c2\u04a5\u0266\u0127\u043d\u029c\u04a3",
    "i": "\u0456\u03b9\u0131\u0269\u026a\u13a5\ua647\u0268\u0457",
    "j": "\u0458\u03f3\u0575\u0249\u029d",
    "k": "\u043a\u03ba\u1d0b\u0199\u049b\u04c4\u0138",
    "l": "\u04cf\u0406\u04c0\u2113\u05c0\u01c0\u0142\u026d\u019a\u029f",
    "m": "\u043c\u1d0d\u0271\u028d",
    "n": "\u0578\u057c\u03b7\u0273\u0272\u014b\u0274\u043f\u0438\u043b",
    "o": "\u043e\u03bf\u0585\u03c3\u1d0f\u0d20\u101d\u0966\u0ed0\u00f8\u04e9\u0275\u0ae6\u06f5",
    "p": "\u0440\u03c1\u2ca3\u01a5\u1d18\u13e2\u00fe",
    "q": "\u051b\u0563\u0566\u02a0\u024b",
    "r": "\u0433\u1d26\u2c85\u0280\u024d\u027c\u027d\u044f",
    "s": "\u0455\u01bd\ua731\u10bd\u0282\u0219",
    "t": "\u0442\u03c4\u1d1b\u01ad\u0288\u0167",
    "u": "\u057d\u03c5\u028b\u1d1c\ua79f\u0446\u0289",
    "v": "\u0475\u03bd\u1d20\u05d8\u0474",
    "w": "\u051d\u0461\u0561\u026f\u1d21\u0448\u03c9\u2cb1\u0449",
    "x": "\u0445\u03c7\u157d\u1541\u04b3",
    "y": "\u0443\u03b3\u04af\u1d8c\u028f\u10e7\u01b4\u0447",
    "z": "\u1d22\u01b6\u0225\u0290",
    "ae": "\u00e6\u04d5",
    "oe": "\u0153",
    "ss": "\u00df",
}
_LOOKS: Final[Mapping[int, str]] = MappingProxyType(
    {ord(letter): plain for plain, letters in reversed(_BY_LETTER.items()) for letter in letters}
)
_SAME: Final = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443"
)
_NUMBERS: Final = str.maketrans("01345789$", "oleastbgs")
_NUMBER: Final = re.compile(r"[0-9$]")
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))
_LATIN: Final = re.compile(
    r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?(?:DOTLESS |LONG |OPEN |SIDEWAYS |INSULAR )?([A-Z])\b"
)
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "HEBREW", "ARABIC", "GEORGIAN")


def skeleton(label: str) -> str:
    """Give the letters of a to z that a label looks like; what looks like none of them stays."""
    if label.isascii():
        return label
    found = label.translate(_LOOKS)
    decomposed = unicodedata.normalize("NFKD", found)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_LOOKS)
    return plain.lower() if plain.isascii() else "".join(map(_by_name, plain)).lower()


def _by_name(letter: str) -> str:
    """Read a Latin letter with a stroke, hook or tail as the letter that Unicode names it after."""
    match = None if letter.isascii() else _LATIN.match(unicodedata.name(letter, ""))
    return match[1] if match else letter


def without_numbers(label: str) -> str:
    """Read digits as the letters they stand for in disguised words: `paypa1` is `paypal`."""
    return label.translate(_NUMBERS) if _NUMBER.search(label) else label


def with_pairs(label: str) -> tuple[str, ...]:
    """Give how a label reads where two letters together look like one: `rnicrosoft` is `microsoft`."""
    return tuple(label.replace(pair, letter) for pair, letter in _PAIRS if pair in label)


def looks_latin(label: str) -> bool:
    """Tell a label of Cyrillic letters that all look exactly like Latin ones: no word, but one to be taken for another.

    Browsers that show names in their own letters make the same exception (whole-script confusables, UTS 39 section 4).
    """
    letters = [letter for letter in label if not letter.isascii()]
    return len(letters) > 2 and all(letter in _SAME for letter in letters)  # noqa: PLR2004 - shorter ones are words by chance


def scripts(label: str) -> frozenset[str]:
    """Name the scripts that a label mixes, of those whose letters are taken for each other."""
    names = (unicodedata.name(letter, "") for letter in label if letter.isalpha())
    return frozenset(name.partition(" ")[0] for name in names) & frozenset(_SCRIPTS)
