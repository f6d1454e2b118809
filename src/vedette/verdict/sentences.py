"""Sentences of the rules on behaviour, settings, network and versions (summaries.py tells how they are used)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "apps.behaviour": {
            "en": "{app} is made in a way that is typical of harmful apps: {reasons}.",
            "fr": "{app} est conçue comme le sont des applications nuisibles : {reasons}.",
        },
        "apps.old_target": {
            "en": "{app} is made for an old Android (API level {target_sdk}), where it gets every permission unasked.",
            "fr": "{app} vise un ancien Android (niveau d'API {target_sdk}), où elle obtient toute autorisation sans "
            "demander.",
        },
        "apps.root_tool": {
            "en": "{app} is a tool that gives root.",
            "fr": "{app} est un outil qui donne les droits root.",
        },
        "apps.denied": {
            "en": "{app} is on your organisation's deny list ({listed_by}).",
            "fr": "{app} figure sur la liste de refus de votre organisation ({listed_by}).",
        },
        "apps.capability": {
            "en": "{app} is against your organisation's rule “{policy}”: it {capabilities}.",
            "fr": "{app} enfreint la règle « {policy} » de votre organisation : elle {capabilities}.",
        },
        "device.verified_boot": {
            "en": "The system's integrity is not assured at start: {boot}.",
            "fr": "L'intégrité du système n'est pas assurée au démarrage : {boot}.",
        },
        "device.selinux": {
            "en": "The system's access control (SELinux) is {selinux}.",
            "fr": "Le contrôle d'accès du système (SELinux) est en mode {selinux}.",
        },
        "device.user_certificates": {
            "en": "Certificate authorities were added by hand: {authorities}.",
            "fr": "Des autorités de certification ont été ajoutées à la main : {authorities}.",
        },
        "device.processes": {
            "en": "The process {process} is listed as {family} by the feed {feed}.",
            "fr": "Le processus {process} figure comme {family} dans le flux {feed}.",
        },
        "device.unknown_sources": {
            "en": "Apps from outside a store may be installed by: {apps}.",
            "fr": "Des applications hors magasin peuvent être installées par : {apps}.",
        },
        "device.adb_network": {
            "en": "Debugging over the network is possible: {how}.",
            "fr": "Le débogage par le réseau est possible : {how}.",
        },
        "device.accessibility": {
            "en": "{app}, which did not come from a store, can read the screen and press keys (accessibility).",
            "fr": "{app}, qui ne vient pas d'un magasin, peut lire l'écran et appuyer sur les touches (accessibilité).",
        },
        "device.device_admin": {
            "en": "{app}, which did not come from a store, is a device administrator.",
            "fr": "{app}, qui ne vient pas d'un magasin, est administrateur de l'appareil.",
        },
        "device.notification_listener": {
            "en": "{app}, which did not come from a store, reads notifications.",
            "fr": "{app}, qui ne vient pas d'un magasin, lit les notifications.",
        },
        "device.package_verifier": {
            "en": "The system's own check of apps (Play Protect) is off.",
            "fr": "Le contrôle des applications par le système (Play Protect) est désactivé.",
        },
        "device.security_disabled": {
            "en": "Parts of the system that protect it are switched off: {disabled}.",
            "fr": "Des parties du système qui le protègent sont désactivées : {disabled}.",
        },
        "device.backup": {
            "en": "Backups stay on the phone where a computer can take them ({transport}).",
            "fr": "Les sauvegardes restent sur le téléphone, où un ordinateur peut les prendre ({transport}).",
        },
        "device.trusted_developers": {
            "en": "Developers outside the App Store are trusted: {signers}.",
            "fr": "Des développeurs hors App Store sont approuvés : {signers}.",
        },
        "device.profiles": {
            "en": "The profile {profile} is not from your organisation and is powerful: it {powers}.",
            "fr": "Le profil {profile} ne vient pas de votre organisation et peut beaucoup : il {powers}.",
        },
        "device.listed_profile": {
            "en": "The profile {profile} is listed as {family} by the feed {feed}.",
            "fr": "Le profil {profile} figure comme {family} dans le flux {feed}.",
        },
        "device.exploited": {
            "en": "{count} flaws that are used in attacks are not mended ({cves}); an update to {mended_by} "
            "mends them.",
            "fr": "{count} failles utilisées dans des attaques ne sont pas corrigées ({cves}) ; la mise à jour "
            "{mended_by} les corrige.",
        },
        "device.support": {
            "en": "The maker no longer mends this version of the system: {system}.",
            "fr": "Le fabricant ne corrige plus cette version du système : {system}.",
        },
        "device.model_support": {
            "en": "The maker no longer mends this model: {model}.",
            "fr": "Le fabricant ne corrige plus ce modèle : {model}.",
        },
        "agent.version": {
            "en": "The protection app is version {version}; your organisation asks for {minimum} or later.",
            "fr": "L'application de protection est en version {version} ; votre organisation demande au moins "
            "{minimum}.",
        },
        "agent.permission": {
            "en": "The protection app lacks something it needs: {permission}.",
            "fr": "Il manque quelque chose à l'application de protection : {permission}.",
        },
        "network.mitm": {
            "en": "Somebody reads along on this network: {outcome} (called: {host}).",
            "fr": "Quelqu'un écoute sur ce réseau : {outcome} (appelé : {host}).",
        },
        "network.rogue_wifi": {
            "en": "This Wi-Fi may be an impostor: {signs_of_rogue}.",
            "fr": "Ce Wi-Fi est peut-être un imposteur : {signs_of_rogue}.",
        },
        "network.open_wifi": {
            "en": "The Wi-Fi in use is not protected ({security}).",
            "fr": "Le Wi-Fi utilisé n'est pas protégé ({security}).",
        },
        "network.gateway": {
            "en": "This network is not as it was before: {changes}.",
            "fr": "Ce réseau n'est plus comme avant : {changes}.",
        },
        "network.proxy": {
            "en": "Traffic goes through a proxy that your organisation did not set: {proxy}.",
            "fr": "Le trafic passe par un proxy que votre organisation n'a pas défini : {proxy}.",
        },
        "network.port_scan": {
            "en": "A neighbour in the network tried {ports} ports of the phone.",
            "fr": "Un voisin du réseau a essayé {ports} ports du téléphone.",
        },
    }
)
