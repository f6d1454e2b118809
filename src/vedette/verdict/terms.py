"""Codes that stand in evidence, in words: what an application can do, what a network does."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vedette.verdict import apk_words, web_words

Words = Mapping[str, str]

_ABLE: Final[Mapping[str, Words]] = {
    "read_sms": {"en": "reads text messages", "fr": "lit les SMS"},
    "send_sms": {"en": "sends text messages", "fr": "envoie des SMS"},
    "call_log": {"en": "reads the list of calls", "fr": "lit le journal d'appels"},
    "make_calls": {"en": "makes or answers calls", "fr": "passe ou prend des appels"},
    "contacts": {"en": "reads contacts", "fr": "lit les contacts"},
    "microphone": {"en": "records sound", "fr": "enregistre le son"},
    "camera": {"en": "takes pictures", "fr": "prend des photos"},
    "location": {"en": "knows where the phone is", "fr": "connaît la position du téléphone"},
    "background_location": {
        "en": "follows where the phone is at any time",
        "fr": "suit la position du téléphone à tout moment",
    },
    "calendar": {"en": "reads the calendar", "fr": "lit l'agenda"},
    "phone_state": {"en": "reads the phone number", "fr": "lit le numéro de téléphone"},
    "all_files": {"en": "reads all files", "fr": "lit tous les fichiers"},
    "overlay": {"en": "draws over other apps", "fr": "s'affiche par-dessus les autres applications"},
    "install_apps": {"en": "installs other apps", "fr": "installe d'autres applications"},
    "delete_apps": {"en": "removes other apps", "fr": "supprime d'autres applications"},
    "see_all_apps": {"en": "sees all installed apps", "fr": "voit toutes les applications installées"},
    "usage_statistics": {"en": "sees which apps are used", "fr": "voit quelles applications sont utilisées"},
    "full_screen_notices": {"en": "fills the screen unasked", "fr": "occupe l'écran sans qu'on le demande"},
    "run_unrestricted": {
        "en": "runs in the background without limits",
        "fr": "tourne en arrière-plan sans limite",
    },
    "record_screen": {"en": "records the screen", "fr": "enregistre l'écran"},
    "start_at_boot": {"en": "starts with the phone", "fr": "démarre avec le téléphone"},
    "disable_lock": {"en": "switches the screen lock off", "fr": "désactive le verrouillage d'écran"},
    "root": {"en": "asks for root", "fr": "demande les droits root"},
    "bluetooth": {"en": "uses Bluetooth", "fr": "utilise le Bluetooth"},
    "nfc": {"en": "uses NFC", "fr": "utilise le NFC"},
    "internet": {"en": "uses the internet", "fr": "utilise internet"},
    "write_sms": {"en": "changes text messages", "fr": "modifie les SMS"},
    "see_wifi": {"en": "sees which Wi-Fi is in use", "fr": "voit le Wi-Fi utilisé"},
    "change_wifi": {"en": "switches Wi-Fi on and off", "fr": "active et désactive le Wi-Fi"},
    "change_access_points": {
        "en": "changes the mobile network's access points",
        "fr": "modifie les points d'accès du réseau mobile",
    },
    "other_tasks": {"en": "sees or ends other apps", "fr": "voit ou arrête d'autres applications"},
    "mount_storage": {"en": "mounts storage", "fr": "monte des espaces de stockage"},
    "add_shortcuts": {"en": "puts icons on the screen", "fr": "ajoute des icônes à l'écran"},
    "browsing_history": {"en": "reads the browsing history", "fr": "lit l'historique de navigation"},
    "system_logs": {"en": "reads the system's logs", "fr": "lit les journaux du système"},
    "change_settings": {"en": "changes settings", "fr": "modifie les réglages"},
    "unknown_origin": {"en": "nobody knows where it came from", "fr": "est d'origine inconnue"},
    "accessibility": {
        "en": "has a service that can read the screen and press keys (accessibility)",
        "fr": "a un service qui peut lire l'écran et appuyer sur les touches (accessibilité)",
    },
    "accessibility_on": {
        "en": "its accessibility service is switched on",
        "fr": "son service d'accessibilité est activé",
    },
    "device_admin": {
        "en": "can become a device administrator",
        "fr": "peut devenir administrateur de l'appareil",
    },
    "device_admin_on": {"en": "is a device administrator", "fr": "est administrateur de l'appareil"},
    "read_notifications": {"en": "can read notifications", "fr": "peut lire les notifications"},
    "read_notifications_on": {"en": "reads notifications", "fr": "lit les notifications"},
    "vpn": {"en": "can be a VPN", "fr": "peut servir de VPN"},
    "keyboard": {"en": "is a keyboard", "fr": "est un clavier"},
    "card_emulation": {
        "en": "can pose as a payment card",
        "fr": "peut se faire passer pour une carte de paiement",
    },
    "call_screening": {"en": "screens calls", "fr": "filtre les appels"},
    "hidden_icon": {"en": "shows no icon", "fr": "n'affiche aucune icône"},
    "hears_sms": {"en": "is told of each text message", "fr": "est avertie de chaque SMS"},
    "hears_calls": {"en": "is told of each call", "fr": "est avertie de chaque appel"},
    "side_loaded": {"en": "did not come from a store", "fr": "ne vient pas d'un magasin d'applications"},
    "by_app": {"en": "was installed by another app", "fr": "a été installée par une autre application"},
    "imitates": {"en": "pretends to be another app", "fr": "se fait passer pour une autre application"},
    "public_key": {
        "en": "is signed with a key that anybody can have",
        "fr": "est signée avec une clé publiquement connue",
    },
    "old_target": {
        "en": "is made for a system that gives every permission unasked",
        "fr": "vise un système qui accorde toutes les autorisations sans demander",
    },
    "debuggable": {"en": "can be debugged by others", "fr": "peut être déboguée par d'autres"},
}
_MITM: Final[Mapping[str, Words]] = {
    "untrusted": {
        "en": "a certificate that is not trusted",
        "fr": "un certificat qui n'est pas de confiance",
    },
    "pin_mismatch": {
        "en": "a trusted certificate that is not ours",
        "fr": "un certificat de confiance qui n'est pas le nôtre",
    },
    "stripped": {"en": "encryption was taken away", "fr": "le chiffrement a été retiré"},
}
_WIFI: Final[Mapping[str, Words]] = {
    "was_protected": {
        "en": "the same network was protected before",
        "fr": "le même réseau était protégé auparavant",
    },
    "protected_nearby": {
        "en": "networks nearby bear the same name with other protection",
        "fr": "des réseaux voisins portent le même nom avec une autre protection",
    },
    "shared_hardware": {
        "en": "the gateway's hardware address answers for others too",
        "fr": "l'adresse matérielle de la passerelle répond aussi pour d'autres",
    },
    "gateway": {"en": "another device is the gateway", "fr": "un autre appareil sert de passerelle"},
    "dns": {"en": "other name servers answer", "fr": "d'autres serveurs de noms répondent"},
}
_PROFILE: Final[Mapping[str, Words]] = {
    "root_certificate": {
        "en": "adds an authority that can read traffic",
        "fr": "ajoute une autorité qui peut lire le trafic",
    },
    "management": {"en": "lets somebody manage the phone", "fr": "permet à quelqu'un de gérer le téléphone"},
    "vpn_profile": {"en": "sends traffic through a VPN", "fr": "fait passer le trafic par un VPN"},
    "proxy_profile": {"en": "sends traffic through a proxy", "fr": "fait passer le trafic par un proxy"},
    "dns_profile": {"en": "has names looked up elsewhere", "fr": "fait résoudre les noms ailleurs"},
    "content_filter": {"en": "lets somebody see pages", "fr": "permet à quelqu'un de voir les pages"},
    "relay": {"en": "sends traffic through a relay", "fr": "fait passer le trafic par un relais"},
}
_SETTINGS: Final[Mapping[str, Words]] = {
    "port_open": {"en": "its port is open", "fr": "son port est ouvert"},
    "switched_on": {"en": "it is switched on", "fr": "il est activé"},
    "nobody_asked": {"en": "it asks nobody for leave", "fr": "il ne demande l'accord de personne"},
    "every_app": {"en": "every app", "fr": "toutes les applications"},
    "unlocked": {"en": "the boot loader is unlocked", "fr": "le chargeur de démarrage est déverrouillé"},
    "boot_red": {"en": "the system was changed", "fr": "le système a été modifié"},
    "boot_orange": {
        "en": "the system is not verified at start",
        "fr": "le système n'est pas vérifié au démarrage",
    },
}
_AGENT: Final[Mapping[str, Words]] = {
    "storage": {"en": "files", "fr": "les fichiers"},
    "notifications": {"en": "notifications", "fr": "les notifications"},
    "sms": {"en": "text messages", "fr": "les SMS"},
    "device_admin_permission": {"en": "device administration", "fr": "l'administration de l'appareil"},
    "required_vpn": {"en": "the required VPN", "fr": "le VPN exigé"},
    "web_protection": {"en": "protection against phishing", "fr": "la protection contre l'hameçonnage"},
    "web_protection_paused": {
        "en": "protection against phishing is paused",
        "fr": "la protection contre l'hameçonnage est en pause",
    },
    "secure_dns": {"en": "secure name look-ups", "fr": "la résolution de noms sécurisée"},
}
_SOURCES: Final[Mapping[str, Words]] = {
    "analyst_scan": {"en": "a scan of the phone", "fr": "une analyse du téléphone"},
}
TERMS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        **_SOURCES,
        **_ABLE,
        **_MITM,
        **_WIFI,
        **_PROFILE,
        **_SETTINGS,
        **_AGENT,
        **web_words.TERMS,
        **apk_words.TERMS,
    }
)
"""Code to words by language."""
CODED: Final = frozenset(
    {
        "reasons",
        "all_reasons",
        "capabilities",
        "outcome",
        "signs_of_rogue",
        "changes",
        "powers",
        "how",
        "boot",
        "permission",
        "apps",
        "reported_by",
        *web_words.CODED,
        *apk_words.CODED,
    }
)
"""Facts of evidence whose values are codes, several with a comma between them."""
SEPARATOR: Final = ", "


def told(fact: str, value: str, language: str) -> str:
    """Put the codes in a value into words; other values as they are."""
    if fact not in CODED:
        return value
    return SEPARATOR.join(_word(code, language) for code in value.split(SEPARATOR))


def _word(code: str, language: str) -> str:
    words = TERMS.get(code)
    return words.get(language, words["en"]) if words else code
