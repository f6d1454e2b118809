"""Sentences and words about web content, for summaries and for the page that explains a verdict."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "web.allowed": {
            "en": "{host} is on your organisation's allow list (entry {entry}).",
            "fr": "{host} figure sur la liste d'autorisation de votre organisation (entrée {entry}).",
        },
        "web.denied": {
            "en": "{host} is on your organisation's deny list (entry {entry}).",
            "fr": "{host} figure sur la liste de refus de votre organisation (entrée {entry}).",
        },
        "web.threat_feed": {
            "en": "{host} is in your organisation's threat feed {feed} (entry {entry}).",
            "fr": "{host} figure dans le flux de menaces {feed} de votre organisation (entrée {entry}).",
        },
        "web.indicators": {
            "en": "{host} is listed by the feed {feed} (entry {entry}).",
            "fr": "{host} figure dans le flux {feed} (entrée {entry}).",
        },
        "web.category": {
            "en": "{host} is in a category that your organisation does not allow: {category}.",
            "fr": "{host} relève d'une catégorie que votre organisation n'autorise pas : {category}.",
        },
        "web.homograph": {
            "en": "{host} looks like {imitated}, letter by letter, but belongs to somebody else.",
            "fr": "{host} ressemble à {imitated}, lettre pour lettre, mais appartient à quelqu'un d'autre.",
        },
        "web.signs": {
            "en": "{host} looks like phishing: {signs_of_phishing}.",
            "fr": "{host} ressemble à de l'hameçonnage : {signs_of_phishing}.",
        },
        "web.unreadable": {
            "en": "This is no address of a page: {problem}.",
            "fr": "Ce n'est pas l'adresse d'une page : {problem}.",
        },
    }
)
