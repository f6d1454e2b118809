"""Names of people: given and family names of one language stay together, as in an international firm."""

import json
import unicodedata
from importlib.resources import files
from random import Random

_PEOPLE = json.loads(files("vedette_lab.seed").joinpath("data/names.json").read_text("utf-8"))
_POOLS: list[tuple[list[str], list[str]]] = [(pool["given"], pool["family"]) for pool in _PEOPLE.values()]
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "ß": "ss", "'": None, " ": None})


def mailbox(text: str) -> str:
    """Return `text` as the local part of an address: plain lower-case letters."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c)).lower()


class Names:
    """Deals names so that no address comes twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def draw(self) -> tuple[str, str, str]:
        """Return given name, family name and a free local part of an address."""
        for _ in range(8):
            given_names, families = self._rng.choice(_POOLS)
            given, family = self._rng.choice(given_names), self._rng.choice(families)
            if self.reserve(local := f"{mailbox(given)}.{mailbox(family)}"):
                return given, family, local
        # In a crowd namesakes get a number, as in any directory.
        number = 2
        while not self.reserve(f"{local}{number}"):
            number += 1
        return given, family, f"{local}{number}"

    def reserve(self, local: str) -> bool:
        """Take a local part; False when somebody has it."""
        if local in self._taken:
            return False
        self._taken.add(local)
        return True
