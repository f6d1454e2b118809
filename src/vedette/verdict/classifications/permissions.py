"""Permissions that the protection app needs and was not given."""

from vedette.verdict.classifications.model import ANDROID, BOTH, Classification, Family, Text
from vedette.verdict.risk import Risk

_CONFIGURATION = (Family.CONFIGURATION,)

PERMISSIONS = (
    Classification(
        code="STORAGE_PERMISSION_NOT_ACCEPTED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Storage permission missing",
                description="Without it the protection app cannot check downloaded files.",
                mend="Open Settings > Apps > the protection app > Permissions and allow access to files.",
            ),
            "fr": Text(
                title="Autorisation de stockage absente",
                description="Sans elle, l'application de protection ne peut pas contrôler les fichiers "
                "téléchargés.",
                mend="Ouvrez Paramètres > Applications > l'application de protection > Autorisations et "
                "autorisez les fichiers.",
            ),
        },
    ),
    Classification(
        code="NOTIFICATION_PERMISSION_NOT_ACCEPTED",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Notifications not allowed",
                description="Without them the protection app cannot warn the person.",
                mend="Open Settings > Notifications > the protection app and allow notifications.",
            ),
            "fr": Text(
                title="Notifications non autorisées",
                description="Sans elles, l'application de protection ne peut pas avertir la personne.",
                mend="Ouvrez Paramètres > Notifications > l'application de protection et autorisez les "
                "notifications.",
            ),
        },
    ),
    Classification(
        code="SMISHING_PERMISSIONS_NOT_ACCEPTED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Message filter permission missing",
                description="Without it links in text messages are not checked.",
                mend="Open the protection app and allow it to check links in text messages.",
            ),
            "fr": Text(
                title="Autorisation de filtrage des messages absente",
                description="Sans elle, les liens des SMS ne sont pas contrôlés.",
                mend="Ouvrez l'application de protection et autorisez le contrôle des liens dans les SMS.",
            ),
        },
    ),
    Classification(
        code="DEVICE_ADMIN_NOT_ACTIVATED",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Device administration not activated",
                description="The protection app was not made a device administrator, so some checks are "
                "not possible.",
                mend="Open the protection app and activate device administration when it asks.",
            ),
            "fr": Text(
                title="Administration de l'appareil non activée",
                description="L'application de protection n'est pas administrateur de l'appareil : des "
                "contrôles manquent.",
                mend="Ouvrez l'application de protection et activez l'administration de l'appareil quand "
                "elle le demande.",
            ),
        },
    ),
)
