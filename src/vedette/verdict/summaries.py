"""One sentence per rule, made from a finding's evidence, in the reader's language.

Names in braces are names of facts in the evidence, so a stored threat can be told again in another language.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from vedette.verdict.apk_words import SENTENCES as APK_SENTENCES
from vedette.verdict.findings import Evidence
from vedette.verdict.sentences import SENTENCES
from vedette.verdict.terms import told
from vedette.verdict.web_words import SENTENCES as WEB_SENTENCES

SUMMARIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        **SENTENCES,
        **APK_SENTENCES,
        **WEB_SENTENCES,
        "apps.indicators": {
            "en": "{app} is listed as {family} by the feed {feed}.",
            "fr": "{app} figure comme {family} dans le flux {feed}.",
        },
        "traces.indicators": {
            "en": "{value}, found in {where}, is listed as {family} by the feed {feed}.",
            "fr": "{value}, trouvé dans {where}, figure comme {family} dans le flux {feed}.",
        },
        "apps.sideloaded": {
            "en": "{app} was not installed from an official store (installed by {installer}).",
            "fr": "{app} n'a pas été installée depuis un magasin officiel (installée par {installer}).",
        },
        "apps.public_key": {
            "en": "{app} is signed with a key that anybody can have ({key}).",
            "fr": "{app} est signée avec une clé publiquement connue ({key}).",
        },
        "apps.listed_name": {
            "en": "Intune found an app called {app} on the phone, the name of {family} in the feed {feed}. A name "
            "proves little: look at the phone.",
            "fr": "Intune a trouvé sur le téléphone une application nommée {app}, le nom de {family} dans le flux "
            "{feed}. Un nom prouve peu : vérifiez le téléphone.",
        },
        "device.root": {
            "en": "The phone is rooted or jailbroken (signs: {signs}).",
            "fr": "Le téléphone est rooté ou débridé (indices : {signs}).",
        },
        "device.debug_build": {
            "en": "The phone runs a developer build of its system ({build}).",
            "fr": "Le téléphone utilise une version de développement de son système ({build}).",
        },
        "device.encryption": {
            "en": "The storage of the phone is not encrypted.",
            "fr": "Le stockage du téléphone n'est pas chiffré.",
        },
        "device.screen_lock": {
            "en": "The phone has no screen lock.",
            "fr": "Le téléphone n'a pas de verrouillage d'écran.",
        },
        "device.developer_options": {
            "en": "Developer options are on.",
            "fr": "Les options pour développeurs sont activées.",
        },
        "device.adb": {
            "en": "USB debugging is on.",
            "fr": "Le débogage USB est activé.",
        },
        "device.minimum_os": {
            "en": "The system is version {os_version}; your organisation asks for {minimum} or later.",
            "fr": "Le système est en version {os_version} ; votre organisation demande au moins {minimum}.",
        },
        "device.patch_level": {
            "en": "The security patch is of {security_patch}; your organisation asks for {minimum} or later.",
            "fr": "Le correctif de sécurité date du {security_patch} ; votre organisation demande au moins "
            "{minimum}.",
        },
    }
)


def summary_in(language: str, evidence: Iterable[Evidence]) -> str | None:
    """Tell a finding by its evidence; None where its rule has no sentence or a fact it names is missing.

    Languages are matched by their first part (`fr-CA` is `fr`); any other is told in English. Of two facts
    with the same name the first counts.
    """
    listed = tuple(evidence)
    if not listed or listed[0].rule not in SUMMARIES:
        return None
    texts = SUMMARIES[listed[0].rule]
    spoken = language.split("-", maxsplit=1)[0].lower()
    facts = {e.fact: told(e.fact, e.value, spoken) for e in reversed(listed)}
    try:
        return texts.get(spoken, texts["en"]).format_map(facts)
    except KeyError:
        return None
