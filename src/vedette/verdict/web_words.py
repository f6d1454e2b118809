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

_SIGNS: Final[Mapping[str, Mapping[str, str]]] = {
    "imitates_letters": {
        "en": "characters that look like those of a known name",
        "fr": "des caractères qui ressemblent à ceux d'un nom connu",
    },
    "mistyped_name": {"en": "a known name with a mistake in it", "fr": "un nom connu avec une faute"},
    "name_as_host": {
        "en": "begins like the address of a known name",
        "fr": "commence comme l'adresse d'un nom connu",
    },
    "name_with_lure": {
        "en": "a known name beside a word that lures",
        "fr": "un nom connu à côté d'un mot qui appâte",
    },
    "name_below_other": {
        "en": "a known name under somebody else's name",
        "fr": "un nom connu placé sous le nom d'un tiers",
    },
    "name_on_shared_host": {
        "en": "a known name on a host where anybody gets a page",
        "fr": "un nom connu chez un hébergeur ouvert à tous",
    },
    "name_within": {"en": "a known name within another one", "fr": "un nom connu à l'intérieur d'un autre"},
    "name_other_ending": {
        "en": "a known name with another ending",
        "fr": "un nom connu avec une autre terminaison",
    },
    "own_name": {"en": "it is your organisation's name", "fr": "c'est le nom de votre organisation"},
    "lure_word": {"en": "a word that lures", "fr": "un mot qui appâte"},
    "two_lure_words": {"en": "several words that lure", "fr": "plusieurs mots qui appâtent"},
    "abused_ending": {"en": "an ending that is often abused", "fr": "une terminaison souvent détournée"},
    "shared_host": {"en": "a host where anybody gets a page", "fr": "un hébergeur ouvert à tous"},
    "mixed_scripts": {"en": "letters of several alphabets", "fr": "des lettres de plusieurs alphabets"},
    "looks_latin": {
        "en": "letters of another alphabet that all look like Latin ones",
        "fr": "des lettres d'un autre alphabet qui ressemblent toutes à des lettres latines",
    },
    "many_hyphens": {"en": "many hyphens", "fr": "beaucoup de traits d'union"},
    "many_digits": {"en": "many digits", "fr": "beaucoup de chiffres"},
    "long_label": {"en": "a very long name", "fr": "un nom très long"},
    "many_labels": {"en": "many parts", "fr": "beaucoup de parties"},
    "looks_random": {"en": "a name made by chance", "fr": "un nom composé au hasard"},
    "ip_address": {"en": "a number instead of a name", "fr": "un nombre au lieu d'un nom"},
    "disguised": {"en": "written so that one cannot read it", "fr": "écrit de façon illisible"},
    "host_before_at": {"en": "another address before an @", "fr": "une autre adresse avant un @"},
    "user_before_at": {"en": "something before an @", "fr": "quelque chose avant un @"},
    "odd_port": {"en": "an unusual port", "fr": "un port inhabituel"},
    "name_in_path": {"en": "a known name in the path", "fr": "un nom connu dans le chemin"},
    "lure_in_path": {"en": "a word that lures in the path", "fr": "un mot qui appâte dans le chemin"},
    "address_within": {"en": "another address within", "fr": "une autre adresse à l'intérieur"},
    "mail_within": {
        "en": "somebody's mail address within",
        "fr": "l'adresse e-mail de quelqu'un à l'intérieur",
    },
    "long_path": {"en": "a very long path", "fr": "un chemin très long"},
    "offers_app": {"en": "an app or a profile to install", "fr": "une application ou un profil à installer"},
    "hidden_place": {
        "en": "a page among a site's own machinery",
        "fr": "une page placée dans les rouages d'un site",
    },
}
_CATEGORIES: Final[Mapping[str, Mapping[str, str]]] = {
    "pornography": {"en": "pornography", "fr": "pornographie"},
    "nudity": {"en": "nudity", "fr": "nudité"},
    "violence": {"en": "violence", "fr": "violence"},
    "hate_speech": {"en": "hate speech", "fr": "discours de haine"},
    "self_harm": {"en": "self-harm", "fr": "automutilation"},
    "terrorism": {"en": "terrorism", "fr": "terrorisme"},
    "criminal_skills": {"en": "how to commit crimes", "fr": "modes d'emploi de délits"},
    "illegal_drugs": {"en": "illegal drugs", "fr": "drogues illégales"},
    "hacking": {"en": "hacking", "fr": "piratage informatique"},
    "piracy": {"en": "pirated works", "fr": "œuvres piratées"},
    "gambling": {"en": "gambling", "fr": "jeux d'argent"},
    "online_ads": {"en": "advertising", "fr": "publicité"},
    "trackers": {"en": "trackers", "fr": "pisteurs"},
    "social_networks": {"en": "social networks", "fr": "réseaux sociaux"},
    "proxies_and_vpn": {"en": "proxies and VPN services", "fr": "proxys et services VPN"},
    "generative_ai": {"en": "generative AI", "fr": "IA générative"},
    "link_shorteners": {"en": "link shorteners", "fr": "raccourcisseurs de liens"},
    "shared_hosts": {"en": "hosts where anybody gets a page", "fr": "hébergeurs ouverts à tous"},
    "dynamic_dns": {
        "en": "names of changing addresses (dynamic DNS)",
        "fr": "noms d'adresses changeantes (DNS dynamique)",
    },
    "ip_addresses": {"en": "numbers instead of names", "fr": "nombres au lieu de noms"},
}
_PROBLEMS: Final[Mapping[str, Mapping[str, str]]] = {
    "address_too_long": {"en": "it is too long", "fr": "elle est trop longue"},
    "leads_to_no_host": {
        "en": "addresses of this kind lead to no host",
        "fr": "une adresse de ce genre ne mène à aucun hôte",
    },
    "bad_port": {"en": "there is no such port", "fr": "ce port n'existe pas"},
    "no_host": {"en": "there is no host name in it", "fr": "elle ne contient aucun nom d'hôte"},
    "bad_ip_address": {"en": "there is no such IP address", "fr": "cette adresse IP n'existe pas"},
}
TERMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({**_SIGNS, **_CATEGORIES, **_PROBLEMS})
CODED: Final = frozenset({"signs_of_phishing", "category", "problem"})
"""Facts of evidence whose values are codes."""
