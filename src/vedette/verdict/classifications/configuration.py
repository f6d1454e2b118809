"""Settings of the phone that make it easier to attack, and protection that is switched off."""

from vedette.verdict.classifications.model import ANDROID, BOTH, IOS, Classification, Family, Text
from vedette.verdict.risk import Response, Risk

_CONFIGURATION = (Family.CONFIGURATION,)

CONFIGURATION = (
    Classification(
        code="NON_APP_STORE_SIGNER",
        types=(Family.CONFIGURATION, Family.APPLICATION),
        platforms=IOS,
        default_risk=Risk.LOW,
        default_response=Response.SILENT,
        text={
            "en": Text(
                title="Trusted developer outside the App Store",
                description="The phone trusts a developer certificate whose apps Apple has not checked.",
                mend="Open Settings > General > VPN & Device Management and remove the developer you do "
                "not know.",
            ),
            "fr": Text(
                title="Développeur approuvé hors App Store",
                description="Le téléphone fait confiance à un certificat de développeur dont Apple n'a pas "
                "contrôlé les apps.",
                mend="Ouvrez Réglages > Général > VPN et gestion de l'appareil et retirez le développeur "
                "inconnu.",
            ),
        },
    ),
    Classification(
        code="NO_DEVICE_LOCK",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="No screen lock",
                description="Whoever holds the phone can open it: there is no PIN, password or other lock.",
                mend="Open Settings > Security > Screen lock (Android) or Face ID & Passcode (iPhone) and "
                "set a lock.",
            ),
            "fr": Text(
                title="Pas de verrouillage d'écran",
                description="Quiconque tient le téléphone peut l'ouvrir : il n'a ni code, ni mot de passe, "
                "ni autre verrou.",
                mend="Ouvrez Paramètres > Sécurité > Verrouillage de l'écran (Android) ou Face ID et code "
                "(iPhone) et "
                "choisissez un verrou.",
            ),
        },
    ),
    Classification(
        code="UNENCRYPTED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Storage not encrypted",
                description="Data on the phone can be read by whoever takes it apart.",
                mend="Open Settings > Security > Encryption and encrypt the phone; keep it plugged in "
                "meanwhile.",
            ),
            "fr": Text(
                title="Stockage non chiffré",
                description="Les données du téléphone peuvent être lues par qui le démonte.",
                mend="Ouvrez Paramètres > Sécurité > Chiffrement et chiffrez le téléphone en le laissant "
                "branché.",
            ),
        },
    ),
    Classification(
        code="DEVELOPER_MODE_ENABLED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Developer options on",
                description="Settings for developers are on; they can weaken the protection of the phone.",
                mend="Open Settings > System > Developer options and switch them off.",
            ),
            "fr": Text(
                title="Options pour développeurs activées",
                description="Les options pour développeurs sont actives ; elles peuvent affaiblir la "
                "protection du téléphone.",
                mend="Ouvrez Paramètres > Système > Options pour les développeurs et désactivez-les.",
            ),
        },
    ),
    Classification(
        code="USB_DEBUGGING_ENABLED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="USB debugging on",
                description="A computer connected to the phone can install apps and copy data.",
                mend="Open Settings > System > Developer options and switch off USB debugging and wireless "
                "debugging.",
            ),
            "fr": Text(
                title="Débogage USB activé",
                description="Un ordinateur relié au téléphone peut installer des applications et copier "
                "des données.",
                mend="Ouvrez Paramètres > Système > Options pour les développeurs et désactivez le "
                "débogage USB et sans fil.",
            ),
        },
    ),
    Classification(
        code="UNKNOWN_SOURCES_ENABLED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Apps from unknown sources allowed",
                description="Apps may be installed from outside the official store.",
                mend="Open Settings > Apps > Special access > Install unknown apps and switch it off for "
                "every app.",
            ),
            "fr": Text(
                title="Sources inconnues autorisées",
                description="Des applications peuvent être installées hors du magasin officiel.",
                mend="Ouvrez Paramètres > Applications > Accès spécial > Installer des applications "
                "inconnues et désactivez-le "
                "pour chacune.",
            ),
        },
    ),
    Classification(
        code="AGENT_OUTDATED",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Outdated protection app",
                description="The protection app is older than the oldest version your organisation accepts.",
                mend="Update the protection app.",
            ),
            "fr": Text(
                title="Application de protection obsolète",
                description="L'application de protection est plus ancienne que la version minimale de "
                "votre organisation.",
                mend="Mettez à jour l'application de protection.",
            ),
        },
    ),
    Classification(
        code="VPN_NOT_ENABLED",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="VPN off",
                description="The VPN that your organisation requires is not on.",
                mend="Open the VPN app of your organisation and connect.",
            ),
            "fr": Text(
                title="VPN désactivé",
                description="Le VPN exigé par votre organisation n'est pas actif.",
                mend="Ouvrez l'application VPN de votre organisation et connectez-vous.",
            ),
        },
    ),
    Classification(
        code="PCP_DISABLED",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.LOW,
        alias="pcp_disabled",
        text={
            "en": Text(
                title="Phishing protection off",
                description="Protection against phishing and harmful pages is required but switched off.",
                mend="Open the protection app and switch on phishing protection.",
            ),
            "fr": Text(
                title="Protection contre l'hameçonnage désactivée",
                description="La protection contre l'hameçonnage et les pages nuisibles est exigée mais "
                "désactivée.",
                mend="Ouvrez l'application de protection et activez la protection contre l'hameçonnage.",
            ),
        },
    ),
    Classification(
        code="PCP_PAUSED",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Phishing protection paused",
                description="The person has paused protection against phishing and harmful pages.",
                mend="Open the protection app and end the pause.",
            ),
            "fr": Text(
                title="Protection contre l'hameçonnage en pause",
                description="La personne a suspendu la protection contre l'hameçonnage et les pages "
                "nuisibles.",
                mend="Ouvrez l'application de protection et mettez fin à la pause.",
            ),
        },
    ),
    Classification(
        code="SECURE_DNS_NOT_ENABLED",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Secure DNS not set up",
                description="The profile that sends name look-ups through your organisation's secure DNS "
                "is missing.",
                mend="Open the protection app and follow its steps to install the Secure DNS profile.",
            ),
            "fr": Text(
                title="DNS sécurisé non configuré",
                description="Le profil qui fait passer les requêtes DNS par le DNS sécurisé de "
                "l'organisation est absent.",
                mend="Ouvrez l'application de protection et suivez les étapes d'installation du profil de "
                "DNS sécurisé.",
            ),
        },
    ),
)
