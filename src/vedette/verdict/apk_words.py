"""Sentences and words about files of applications, for summaries (summaries.py tells how they are used)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "apk.signature": {
            "en": "{app} is not signed in a way that Android {versions} accepts: {signature_problem}.",
            "fr": "{app} n'est pas signée d'une manière qu'Android {versions} accepte : {signature_problem}.",
        },
        "apk.old_signature": {
            "en": "{app} is signed by scheme v1 alone, which before Android 7 lets anybody add code to it (Janus).",
            "fr": "{app} n'est signée que par le schéma v1, qui avant Android 7 permet à quiconque d'y ajouter du code "
            "(Janus).",
        },
        "apk.debug_key": {
            "en": "{app} is signed with the key of a development tool ({subject}): nobody stands behind it.",
            "fr": "{app} est signée avec la clé d'un outil de développement ({subject}) : personne n'en répond.",
        },
        "apk.weak_key": {
            "en": "{app} is signed with a key that can be broken ({key}).",
            "fr": "{app} est signée avec une clé qui peut être cassée ({key}).",
        },
        "apk.janus": {
            "en": "The file of {app} begins with code that its v1 signature does not cover: old versions of Android "
            "run it (Janus, CVE-2017-13156).",
            "fr": "Le fichier de {app} commence par du code que sa signature v1 ne couvre pas : d'anciennes versions "
            "d'Android l'exécutent (Janus, CVE-2017-13156).",
        },
        "apk.indicators": {
            "en": "{app} contains {value}, which is listed as {family} by the feed {feed}.",
            "fr": "{app} contient {value}, qui figure comme {family} dans le flux {feed}.",
        },
        "apk.trackers": {
            "en": "{app} contains code that collects data about the person: {trackers}.",
            "fr": "{app} contient du code qui collecte des données sur la personne : {trackers}.",
        },
        "apk.rule": {
            "en": "{app} matches your organisation's file rule {rule}.",
            "fr": "{app} correspond à la règle de fichier {rule} de votre organisation.",
        },
        "apk.deceives": {
            "en": "The file of {app} is built to deceive tools that examine it: {tricks}.",
            "fr": "Le fichier de {app} est construit pour tromper les outils qui l'examinent : {tricks}.",
        },
        "apk.inside": {
            "en": "{app} carries programs where Android does not look for them: {programs}.",
            "fr": "{app} transporte des programmes là où Android ne les cherche pas : {programs}.",
        },
        "ipa.way": {
            "en": "{app} comes past the App Store: it is {way}, signed by {team}.",
            "fr": "{app} ne passe pas par l'App Store : elle est {way}, signée par {team}.",
        },
    }
)

TERMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "carries_app": {
            "en": "carries another app inside",
            "fr": "transporte une autre application",
        },
        "carries_code": {
            "en": "carries code outside the usual places",
            "fr": "transporte du code hors des emplacements habituels",
        },
        "carries_secret": {
            "en": "carries files that look encrypted",
            "fr": "transporte des fichiers qui semblent chiffrés",
        },
        "deceives_tools": {
            "en": "is built to deceive tools that examine it",
            "fr": "est construite pour tromper les outils qui l'examinent",
        },
        "broken_signature": {
            "en": "was changed after it was signed",
            "fr": "a été modifiée après sa signature",
        },
        "ipa_enterprise": {
            "en": "handed out by a company to any phone",
            "fr": "distribuée par une entreprise à n'importe quel téléphone",
        },
        "ipa_ad_hoc": {
            "en": "handed out to phones that its profile names",
            "fr": "distribuée aux téléphones que son profil désigne",
        },
        "ipa_development": {
            "en": "a version for developers, which can be debugged",
            "fr": "une version pour développeurs, qui peut être déboguée",
        },
        "sig_missing": {"en": "it has no signature", "fr": "elle n'a aucune signature"},
        "sig_broken": {
            "en": "its signature does not fit it: it was changed after signing or never signed properly",
            "fr": "sa signature ne lui correspond pas : elle a été modifiée après coup ou mal signée",
        },
        "sig_removed": {
            "en": "a newer signature was taken off it",
            "fr": "une signature plus récente en a été retirée",
        },
        "sig_needs_v2": {
            "en": "it has only the old kind of signature (v1)",
            "fr": "elle n'a que l'ancien type de signature (v1)",
        },
        "duplicate_entry": {"en": "two entries with one name", "fr": "deux entrées du même nom"},
        "false_encryption": {
            "en": "entries that only claim to be encrypted",
            "fr": "des entrées faussement marquées comme chiffrées",
        },
        "unknown_method": {
            "en": "packing methods that do not exist",
            "fr": "des méthodes de compression qui n'existent pas",
        },
        "names_differ": {
            "en": "entries with two names",
            "fr": "des entrées portant deux noms",
        },
        "overlap": {"en": "entries that share their bytes", "fr": "des entrées qui partagent leurs octets"},
        "path_outside": {
            "en": "names that lead out of the archive",
            "fr": "des noms qui mènent hors de l'archive",
        },
        "data_before": {
            "en": "other content before the archive",
            "fr": "un autre contenu avant l'archive",
        },
    }
)
CODED: Final = frozenset({"tricks", "signature_problem", "way"})
"""Facts of evidence whose values are codes."""
