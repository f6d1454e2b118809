"""Attacks that come through the network the phone is in."""

from vedette.verdict.classifications.model import ANDROID, BOTH, Classification, Family, Text
from vedette.verdict.risk import Risk

_NETWORK = (Family.NETWORK,)

NETWORK = (
    Classification(
        code="ACTIVE_MITM",
        types=_NETWORK,
        platforms=BOTH,
        default_risk=Risk.HIGH,
        text={
            "en": Text(
                title="Connection intercepted",
                description="Somebody sits between the phone and the services it talks to and can read "
                "along.",
                mend="Leave this Wi-Fi network now, use mobile data, and type no passwords until the "
                "warning has gone.",
            ),
            "fr": Text(
                title="Connexion interceptée",
                description="Quelqu'un s'est placé entre le téléphone et les services qu'il utilise et "
                "peut tout lire.",
                mend="Quittez ce réseau Wi-Fi, passez aux données mobiles et ne saisissez aucun mot de "
                "passe tant que l'alerte "
                "demeure.",
            ),
        },
    ),
    Classification(
        code="ROGUE_WIFI",
        types=_NETWORK,
        platforms=BOTH,
        default_risk=Risk.MEDIUM,
        text={
            "en": Text(
                title="Rogue Wi-Fi",
                description="The access point pretends to be a network that you trust.",
                mend="Leave this Wi-Fi network and make the phone forget it.",
            ),
            "fr": Text(
                title="Faux point d'accès Wi-Fi",
                description="Le point d'accès imite un réseau auquel vous faites confiance.",
                mend="Quittez ce réseau Wi-Fi et faites-le oublier par le téléphone.",
            ),
        },
    ),
    Classification(
        code="PORT_SCAN",
        types=_NETWORK,
        platforms=BOTH,
        default_risk=Risk.ADVISORY,
        text={
            "en": Text(
                title="Port scan",
                description="Another device in the network is probing the phone for open doors.",
                mend="Leave this Wi-Fi network if you do not know who runs it.",
            ),
            "fr": Text(
                title="Balayage de ports",
                description="Un autre appareil du réseau cherche des portes ouvertes sur le téléphone.",
                mend="Quittez ce réseau Wi-Fi si vous ne savez pas qui l'exploite.",
            ),
        },
    ),
    Classification(
        code="GATEWAY_ADDRESS_CHANGE",
        types=_NETWORK,
        platforms=ANDROID,
        default_risk=Risk.LOW,
        text={
            "en": Text(
                title="Gateway changed",
                description="The way out of the network has changed suddenly, as it does when traffic is "
                "being diverted.",
                mend="Disconnect from Wi-Fi and connect again; if the warning returns, use mobile data.",
            ),
            "fr": Text(
                title="Passerelle modifiée",
                description="La sortie du réseau a changé soudainement, comme lors d'un détournement de "
                "trafic.",
                mend="Déconnectez-vous du Wi-Fi puis reconnectez-vous ; si l'alerte revient, utilisez les "
                "données mobiles.",
            ),
        },
    ),
)
