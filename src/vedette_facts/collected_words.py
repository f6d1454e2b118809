"""The words of what is collected: English and French, for administrators and for those who carry the phone."""

from types import MappingProxyType
from typing import Final, NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    fr: str

    def in_language(self, language: str) -> str:
        """Give the text in French for `fr` and its variants, else in English."""
        return self.fr if language.partition("-")[0] == "fr" else self.en


GROUPS: Final = MappingProxyType(
    {
        "device": (
            Words("The phone and its system", "Le téléphone et son système"),
            Words(
                "Tells which security flaws the phone still has.",
                "Dit quelles failles de sécurité le téléphone a encore.",
            ),
        ),
        "posture": (
            Words("How it is protected", "Sa protection"),
            Words(
                "A phone without a lock or with its system opened protects nothing that is on it.",
                "Un téléphone sans verrouillage ou au système ouvert ne protège rien de ce qu'il contient.",
            ),
        ),
        "settings": (
            Words("Settings and special access", "Réglages et accès particuliers"),
            Words(
                "Spying and fraud need special access; broken protection shows in the settings.",
                "L'espionnage et la fraude ont besoin d'accès particuliers ; une protection rompue s'y voit.",
            ),
        ),
        "apps": (
            Words("Applications", "Applications"),
            Words(
                "Compared with what is known to be harmful, and with how harmful applications behave.",
                "Comparées à ce que l'on sait nuisible, et au comportement des applications nuisibles.",
            ),
        ),
        "manifest": (
            Words("What applications may do", "Ce que les applications peuvent faire"),
            Words(
                "Finds harmful applications that nobody has listed yet.",
                "Trouve les applications nuisibles que personne n'a encore signalées.",
            ),
        ),
        "network": (
            Words("The network in use", "Le réseau utilisé"),
            Words(
                "Tells when somebody sits between the phone and the internet.",
                "Dit si quelqu'un s'est placé entre le téléphone et Internet.",
            ),
        ),
        "agent": (
            Words("The protection app itself", "L'application de protection elle-même"),
            Words(
                "Tells what the app can see and what it cannot.",
                "Dit ce que l'application voit et ne voit pas.",
            ),
        ),
    }
)
"""What each group is and why it is collected, in the order in which they are shown."""

FIELDS: Final = MappingProxyType(
    {
        "device.platform": Words("Android or iOS", "Android ou iOS"),
        "device.manufacturer": Words("Maker", "Fabricant"),
        "device.model": Words("Model", "Modèle"),
        "device.os_version": Words("Version of the system", "Version du système"),
        "device.security_patch": Words("Security patch level", "Niveau du correctif de sécurité"),
        "device.sdk": Words("API level of Android", "Niveau d'API d'Android"),
        "device.build_type": Words(
            "Kind of build (user, debug)", "Type de compilation (utilisateur, débogage)"
        ),
        "device.build_tags": Words("Keys that signed the system", "Clés qui ont signé le système"),
        "device.fingerprint": Words(
            "Name of the system's build: the same for all phones of the model",
            "Nom de la compilation du système : le même pour tous les téléphones du modèle",
        ),
        "agent.version": Words("Version of the app", "Version de l'application"),
        "agent.permissions": Words(
            "Which permissions it was given", "Les autorisations qui lui ont été accordées"
        ),
        "collected": Words("Which of these lists it could read", "Lesquelles de ces listes elle a pu lire"),
        "posture.root": Words("Rooted or jailbroken", "Rooté ou débridé"),
        "posture.root_signs": Words("What shows it", "Ce qui le montre"),
        "posture.debug_build": Words("Developer build", "Système de développement"),
        "posture.encrypted": Words("Storage encrypted", "Stockage chiffré"),
        "posture.screen_lock": Words("Whether there is a screen lock", "S'il y a un verrouillage de l'écran"),
        "posture.developer_options": Words("Developer options", "Options pour les développeurs"),
        "posture.adb": Words("USB debugging", "Débogage USB"),
        "apps[].package": Words("Package name", "Nom de paquet"),
        "apps[].name": Words("Name", "Nom"),
        "apps[].version": Words("Version", "Version"),
        "apps[].version_code": Words("Version number", "Numéro de version"),
        "apps[].installer": Words("Where it came from", "D'où elle vient"),
        "apps[].sha256": Words("Checksum of its file", "Empreinte de son fichier"),
        "apps[].certificates": Words("Who signed it", "Qui l'a signée"),
        "apps[].system": Words("Part of the system", "Fait partie du système"),
        "apps[].enabled": Words("Switched on", "Activée"),
        "apps[].first_installed": Words("When it was installed", "Date d'installation"),
        "apps[].last_updated": Words("When it was updated", "Date de mise à jour"),
        "apps_complete": Words("Whether the list is complete", "Si la liste est complète"),
        "apps[].manifest.requested": Words("Permissions it asks for", "Autorisations demandées"),
        "apps[].manifest.granted": Words("Permissions it has", "Autorisations accordées"),
        "apps[].manifest.guards": Words("Special roles it offers", "Rôles particuliers qu'elle offre"),
        "apps[].manifest.actions": Words("Events it listens to", "Évènements qu'elle écoute"),
        "apps[].manifest.launcher": Words("Whether it shows an icon", "Si elle montre une icône"),
        "apps[].manifest.debuggable": Words("Open to debugging", "Ouverte au débogage"),
        "apps[].manifest.cleartext": Words("Allows unencrypted traffic", "Permet le trafic non chiffré"),
        "apps[].manifest.min_sdk": Words("Oldest Android it runs on", "Plus ancien Android pris en charge"),
        "apps[].manifest.target_sdk": Words("Android it was made for", "Android pour lequel elle est faite"),
        "apps[].manifest.hosts": Words("Servers named in its file", "Serveurs nommés dans son fichier"),
        "settings.selinux": Words("SELinux", "SELinux"),
        "settings.verified_boot": Words("Verified boot", "Démarrage vérifié"),
        "settings.bootloader_locked": Words("Boot loader locked", "Chargeur d'amorçage verrouillé"),
        "settings.adb_network": Words("Debugging over the network", "Débogage par le réseau"),
        "settings.adb_authorised_only": Words("Debugging asks first", "Le débogage demande d'abord"),
        "settings.package_verifier": Words("Applications are checked", "Les applications sont vérifiées"),
        "settings.unknown_sources": Words("Unknown sources allowed", "Sources inconnues permises"),
        "settings.unknown_source_apps": Words(
            "Applications that may install others", "Applications qui peuvent en installer d'autres"
        ),
        "settings.accessibility_services": Words("Accessibility services", "Services d'accessibilité"),
        "settings.device_admins": Words("Device administrators", "Administrateurs de l'appareil"),
        "settings.notification_listeners": Words(
            "Applications that read notifications", "Applications qui lisent les notifications"
        ),
        "settings.disabled_packages": Words("Applications switched off", "Applications désactivées"),
        "settings.default_sms": Words("Which application handles SMS", "L'application qui gère les SMS"),
        "settings.default_dialer": Words("Which application makes calls", "L'application qui téléphone"),
        "settings.default_keyboard": Words("Which keyboard is used", "Le clavier utilisé"),
        "settings.backup_transport": Words("Where backups go", "Où vont les sauvegardes"),
        "settings.user_certificates[].sha256": Words(
            "Added certificate authorities: checksum", "Autorités de certification ajoutées : empreinte"
        ),
        "settings.user_certificates[].subject": Words(
            "Added certificate authorities: name", "Autorités de certification ajoutées : nom"
        ),
        "settings.user_certificates[].managed": Words(
            "whether the organisation added them", "si l'organisation les a ajoutées"
        ),
        "settings.processes": Words("Running programs", "Programmes en cours"),
        "settings.listening": Words("Open ports", "Ports ouverts"),
        "settings.profiles[].identifier": Words("iOS profiles: identifier", "Profils iOS : identifiant"),
        "settings.profiles[].name": Words("iOS profiles: name", "Profils iOS : nom"),
        "settings.profiles[].signer": Words("iOS profiles: who signed", "Profils iOS : signataire"),
        "settings.profiles[].managed": Words(
            "whether the organisation installed them", "si l'organisation les a installés"
        ),
        "settings.profiles[].kinds": Words("what they set", "ce qu'ils règlent"),
        "settings.supervised": Words("Supervised (iOS)", "Supervisé (iOS)"),
        "settings.trusted_developers": Words(
            "Trusted developers outside the App Store", "Développeurs approuvés hors de l'App Store"
        ),
        "network.kind": Words("Wi-Fi, mobile or other", "Wi-Fi, mobile ou autre"),
        "network.security": Words("How the Wi-Fi is protected", "Protection du Wi-Fi"),
        "network.ssid": Words("Name of the Wi-Fi network", "Nom du réseau Wi-Fi"),
        "network.bssid": Words("Address of the access point", "Adresse du point d'accès"),
        "network.gateway": Words("Address of the gateway", "Adresse de la passerelle"),
        "network.gateway_hardware": Words(
            "Hash of the gateway's hardware address", "Empreinte de l'adresse matérielle de la passerelle"
        ),
        "network.duplicate_hardware": Words(
            "Whether another device answers for the gateway", "Si un autre appareil répond pour la passerelle"
        ),
        "network.dns": Words("Name servers", "Serveurs de noms"),
        "network.proxy": Words("Proxy", "Proxy"),
        "network.proxy_managed": Words("whether the organisation set it", "si l'organisation l'a réglé"),
        "network.private_dns": Words("Private DNS", "DNS privé"),
        "network.vpn": Words("Whether a VPN is on", "Si un VPN est actif"),
        "network.vpn_package": Words("Which application is the VPN", "L'application du VPN"),
        "network.captive_portal": Words("Sign-in page of a hotspot", "Portail d'un point d'accès"),
        "network.similar_networks": Words(
            "Networks of the same name with other protection",
            "Réseaux du même nom à la protection différente",
        ),
        "network.scanned_ports": Words("Ports that a neighbour tried", "Ports essayés par un voisin"),
        "network.changed": Words(
            "What changed since the last visit", "Ce qui a changé depuis la dernière visite"
        ),
        "network.probes[].host": Words("Server asked as a test", "Serveur interrogé pour essai"),
        "network.probes[].outcome": Words(
            "whether its answer was genuine", "si sa réponse était authentique"
        ),
        "network.probes[].chain": Words("checksums of its certificates", "empreintes de ses certificats"),
        "network.probes[].issuer": Words("who issued them", "qui les a émis"),
    }
)
"""What each field is, by its path in the schema of vedette_facts.report.Facts."""

NEVER: Final = (
    Words(
        "Contents of messages, mails, calls, contacts, photos or files",
        "Contenu des messages, courriels, appels, contacts, photos ou fichiers",
    ),
    Words("What is typed", "Ce qui est saisi"),
    Words(
        "Browsing history; of web protection only addresses that were blocked or found suspicious",
        "Historique de navigation ; de la protection web, seules les adresses bloquées ou jugées suspectes",
    ),
    Words("Location", "Position"),
    Words(
        "Telephone number, IMEI, MAC address or serial number, by the app",
        "Numéro de téléphone, IMEI, adresse MAC ou numéro de série, par l'application",
    ),
    Words("Anything of another profile on the phone", "Ce qui se trouve dans un autre profil du téléphone"),
)
"""What no version collects (docs/device-protocol.md 9, lookout.md 7 rule 2)."""
