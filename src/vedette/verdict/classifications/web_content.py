"""Pages and addresses that the phone was kept from, or warned of."""

from vedette.verdict.classifications.model import BOTH, Classification, Family, Text
from vedette.verdict.risk import Response, Risk

_WEB = (Family.WEB_CONTENT,)

WEB_CONTENT = (
    Classification(
        code="PHISHING_CONTENT",
        types=_WEB,
        platforms=BOTH,
        default_risk=Risk.HIGH,
        default_response=Response.BLOCK_AND_ALERT,
        text={
            "en": Text(
                title="Phishing page",
                description="A page that imitates another one to get passwords or payment details.",
                mend="Close the page. If you typed a password there, change it now and tell your IT contact.",
            ),
            "fr": Text(
                title="Page d'hameçonnage",
                description="Une page qui en imite une autre pour obtenir des mots de passe ou des données "
                "de paiement.",
                mend="Fermez la page. Si vous y avez saisi un mot de passe, changez-le et prévenez votre "
                "service informatique.",
            ),
        },
    ),
    Classification(
        code="MALICIOUS_CONTENT",
        types=_WEB,
        platforms=BOTH,
        default_risk=Risk.HIGH,
        default_response=Response.BLOCK_AND_ALERT,
        text={
            "en": Text(
                title="Malicious page",
                description="A page or server that spreads or steers harmful programs.",
                mend="Close the page and do not install anything that it offered.",
            ),
            "fr": Text(
                title="Page malveillante",
                description="Une page ou un serveur qui diffuse ou commande des programmes nuisibles.",
                mend="Fermez la page et n'installez rien de ce qu'elle propose.",
            ),
        },
    ),
    Classification(
        code="UNAUTHORIZED_CONTENT",
        types=_WEB,
        platforms=BOTH,
        default_risk=Risk.LOW,
        default_response=Response.WARN_AND_ALERT,
        alias="OFFENSIVE_CONTENT",
        text={
            "en": Text(
                title="Content not allowed",
                description="A page of a category that your organisation does not allow.",
                mend="Close the page.",
            ),
            "fr": Text(
                title="Contenu non autorisé",
                description="Une page d'une catégorie que votre organisation n'autorise pas.",
                mend="Fermez la page.",
            ),
        },
    ),
    Classification(
        code="DENYLISTED_CONTENT",
        types=_WEB,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        default_response=Response.BLOCK_AND_ALERT,
        alias="BLACKLISTED_CONTENT",
        text={
            "en": Text(
                title="Address on your organisation's block list",
                description="An address that your organisation, or a threat feed it uses, has listed.",
                mend="Close the page, or ask your IT contact if you need it for your work.",
            ),
            "fr": Text(
                title="Adresse bloquée par votre organisation",
                description="Une adresse inscrite par votre organisation ou par un flux de menaces qu'elle "
                "utilise.",
                mend="Fermez la page, ou consultez votre service informatique si vous en avez besoin.",
            ),
        },
    ),
)
