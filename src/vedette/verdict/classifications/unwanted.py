"""Applications and files that are not malware but unwanted, risky or against the organisation's rules."""

from vedette.verdict.classifications.model import (
    ANDROID,
    APP_OR_FILE,
    BOTH,
    Classification,
    Family,
    Text,
)
from vedette.verdict.risk import Response, Risk

_APP = (Family.APPLICATION,)

UNWANTED = (
    Classification(
        code="CHARGEWARE",
        types=APP_OR_FILE,
        platforms=ANDROID,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Chargeware",
                description="Charges money, for example for premium messages, without saying so clearly.",
                mend="Uninstall the app and check your phone bill.",
            ),
            "fr": Text(
                title="Application à frais cachés",
                description="Facture de l'argent, par exemple par des messages surtaxés, sans le dire "
                "clairement.",
                mend="Désinstallez l'application et vérifiez votre facture de téléphone.",
            ),
        },
    ),
    Classification(
        code="SPAM",
        types=APP_OR_FILE,
        platforms=ANDROID,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Spam app",
                description="Sends unwanted calls or messages from your phone.",
                mend="Uninstall the app.",
            ),
            "fr": Text(
                title="Application de spam",
                description="Passe des appels ou envoie des messages indésirables depuis votre téléphone.",
                mend="Désinstallez l'application.",
            ),
        },
    ),
    Classification(
        code="DATA_LEAK",
        types=APP_OR_FILE,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Data leak",
                description="Sends data in a way that others can read it.",
                mend="Update the app. If the warning stays, uninstall it or ask your IT contact.",
            ),
            "fr": Text(
                title="Fuite de données",
                description="Transmet des données de façon lisible par d'autres.",
                mend="Mettez l'application à jour. Si l'alerte demeure, désinstallez-la ou consultez votre "
                "service informatique.",
            ),
        },
    ),
    Classification(
        code="VULNERABILITY",
        types=APP_OR_FILE,
        platforms=BOTH,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Vulnerable app",
                description="Has a known weakness that an attacker could use.",
                mend="Update the app. If there is no update, consider replacing it.",
            ),
            "fr": Text(
                title="Application vulnérable",
                description="Présente une faiblesse connue qu'un attaquant pourrait exploiter.",
                mend="Mettez l'application à jour. S'il n'y a pas de mise à jour, pensez à la remplacer.",
            ),
        },
    ),
    Classification(
        code="RISKWARE",
        types=APP_OR_FILE,
        platforms=BOTH,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Risky app",
                description="Contains risky code, comes from an author of harmful apps, or can be used to "
                "watch people.",
                mend="Uninstall the app unless your organisation asked you to use it; in that case tell "
                "your IT contact.",
            ),
            "fr": Text(
                title="Application à risque",
                description="Contient du code risqué, vient d'un auteur d'applications nuisibles ou peut "
                "servir à surveiller.",
                mend="Désinstallez l'application, sauf si votre organisation vous l'a demandée : dans ce "
                "cas, prévenez votre "
                "service informatique.",
            ),
        },
    ),
    Classification(
        code="ADWARE",
        types=APP_OR_FILE,
        platforms=BOTH,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Adware",
                description="Shows advertising by itself, often outside the app, and collects data for it.",
                mend="Uninstall the app.",
            ),
            "fr": Text(
                title="Logiciel publicitaire",
                description="Affiche de la publicité d'elle-même, souvent hors de l'application, et "
                "collecte des données.",
                mend="Désinstallez l'application.",
            ),
        },
    ),
    Classification(
        code="CONNECTIVITY",
        types=_APP,
        platforms=BOTH,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Risky use of Bluetooth or NFC",
                description="Uses Bluetooth, NFC or similar in a way that opens the phone to devices nearby.",
                mend="Switch off Bluetooth and NFC when you do not need them, and update or uninstall the "
                "app.",
            ),
            "fr": Text(
                title="Usage risqué de Bluetooth ou NFC",
                description="Utilise Bluetooth, NFC ou autre d'une façon qui expose le téléphone aux "
                "appareils proches.",
                mend="Coupez Bluetooth et NFC quand vous n'en avez pas besoin, et mettez à jour ou "
                "désinstallez l'application.",
            ),
        },
    ),
    Classification(
        code="UNKNOWN",
        types=tuple(Family),
        platforms=BOTH,
        default_risk=Risk.LOW,
        default_response=Response.SILENT,
        text={
            "en": Text(
                title="Unknown type of threat",
                description="Something suspicious whose type could not be determined yet.",
                mend="There is nothing you need to do; your IT contact can see the details.",
            ),
            "fr": Text(
                title="Menace de type inconnu",
                description="Un élément suspect dont le type n'a pas encore pu être déterminé.",
                mend="Vous n'avez rien à faire ; votre service informatique peut voir les détails.",
            ),
        },
    ),
    Classification(
        code="SIDELOADED_APP",
        types=_APP,
        platforms=BOTH,
        default_risk=Risk.LOW,
        default_response=Response.SILENT,
        text={
            "en": Text(
                title="App from outside the store",
                description="Was not installed from an official app store, so nobody has checked it.",
                mend="Uninstall the app and install it again from the official store.",
            ),
            "fr": Text(
                title="Application hors magasin officiel",
                description="N'a pas été installée depuis un magasin officiel : personne ne l'a contrôlée.",
                mend="Désinstallez l'application et réinstallez-la depuis le magasin officiel.",
            ),
        },
    ),
    Classification(
        code="DENYLISTED_APP",
        types=_APP,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        alias="BLACKLISTED_APP",
        text={
            "en": Text(
                title="App not allowed by your organisation",
                description="Stands on the list of apps that your organisation does not allow.",
                mend="Uninstall the app, or ask your IT contact if you need it for your work.",
            ),
            "fr": Text(
                title="Application interdite par votre organisation",
                description="Figure sur la liste des applications que votre organisation n'autorise pas.",
                mend="Désinstallez l'application, ou consultez votre service informatique si vous en avez "
                "besoin.",
            ),
        },
    ),
)
