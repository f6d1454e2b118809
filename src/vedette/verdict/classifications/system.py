"""The operating system itself: its integrity and its age."""

from vedette.verdict.classifications.model import ANDROID, BOTH, Classification, Family, Text
from vedette.verdict.risk import Risk

_CONFIGURATION = (Family.CONFIGURATION,)

SYSTEM = (
    Classification(
        code="ROOT_JAILBREAK",
        types=(Family.OS,),
        platforms=BOTH,
        default_risk=Risk.HIGH,
        needs_it=True,
        text={
            "en": Text(
                title="Rooted or jailbroken phone",
                description="The protection of the operating system was removed: apps can read and change "
                "everything.",
                mend="Save what you need and contact your IT support: the phone has to be reset with its "
                "maker's original system.",
            ),
            "fr": Text(
                title="Téléphone rooté ou débridé",
                description="La protection du système a été supprimée : les applications peuvent tout lire "
                "et tout modifier.",
                mend="Sauvegardez vos données et contactez votre service informatique : le téléphone doit "
                "être réinitialisé "
                "avec le système d'origine du fabricant.",
            ),
        },
    ),
    Classification(
        code="ACCESS_CONTROL_VIOLATION",
        types=(Family.OS,),
        platforms=ANDROID,
        default_risk=Risk.HIGH,
        needs_it=True,
        text={
            "en": Text(
                title="Weakened system protection",
                description="The walls between apps are weakened or off, for example by a developer build "
                "of the system.",
                mend="Contact your IT support: the phone needs its maker's official system.",
            ),
            "fr": Text(
                title="Protection du système affaiblie",
                description="Le cloisonnement des applications est affaibli ou coupé, par exemple par une "
                "version de "
                "développement du système.",
                mend="Contactez votre service informatique : le téléphone a besoin du système officiel du "
                "fabricant.",
            ),
        },
    ),
    Classification(
        code="OUT_OF_DATE_OS",
        types=_CONFIGURATION,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Outdated operating system",
                description="The system is older than the oldest version your organisation accepts.",
                mend="Open Settings, then System update (Android) or General > Software Update (iPhone), "
                "and install the update. "
                "If none is offered, the phone is too old: ask your IT contact.",
            ),
            "fr": Text(
                title="Système obsolète",
                description="Le système est plus ancien que la version minimale acceptée par votre "
                "organisation.",
                mend="Ouvrez Paramètres puis Mise à jour du système (Android) ou Général > Mise à jour "
                "logicielle (iPhone) et "
                "installez la mise à jour. S'il n'y en a pas, le téléphone est trop ancien : consultez "
                "votre service "
                "informatique.",
            ),
        },
    ),
    Classification(
        code="OUT_OF_DATE_ASPL",
        types=_CONFIGURATION,
        platforms=ANDROID,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Outdated security patch",
                description="Android's security patch is older than your organisation accepts: known flaws "
                "stay open.",
                mend="Open Settings > Security > Security update and install it.",
            ),
            "fr": Text(
                title="Correctif de sécurité obsolète",
                description="Le correctif de sécurité d'Android est plus ancien que ce que votre "
                "organisation accepte : des "
                "failles connues restent ouvertes.",
                mend="Ouvrez Paramètres > Sécurité > Mise à jour de sécurité et installez-la.",
            ),
        },
    ),
)
