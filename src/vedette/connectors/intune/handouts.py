"""Pure: what an administrator pastes elsewhere, filled with this tenant's values (microsoft.md 1.9, 2.4, 4.1).

Mail texts are for employees, so they are written out in both languages here, whatever language the page has.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from vedette.connectors.intune.recipes import admitted_values, blocked_values
from vedette.connectors.microsoft_apps import ENROLLMENT_APPS

BREAK_GLASS: Final = "OBJECT-ID-OF-YOUR-EMERGENCY-ACCOUNTS-GROUP"
GROUP: Final = "OBJECT-ID-OF-YOUR-ENROLLMENT-GROUP"
PACKAGE: Final = "YOUR.APP.PACKAGE.NAME"
VARIABLES: Final = (
    ("azureADDeviceId", "{{aaddeviceid}}"),
    ("intuneDeviceId", "{{deviceid}}"),
    ("upn", "{{userprincipalname}}"),
)
"""Our keys and Intune's variables, which it fills in for each phone."""


@dataclass(frozen=True)
class Values:
    """What the hand-outs are filled with. ``minimum`` is the level from which rules block."""

    organisation: str
    contact: str
    server: str
    entra_tenant_id: str
    groups: Sequence[str]
    attribute_number: int
    client_id: str
    minimum: str
    enrollment_code: str = ""
    """The organisation's code, where app configuration activates phones."""


def _pairs(values: Values) -> list[tuple[str, str]]:
    code = [("enrollmentCode", values.enrollment_code)] if values.enrollment_code else []
    return [("serverUrl", values.server), ("tenantId", values.entra_tenant_id), *code, *VARIABLES]


def android_configuration(values: Values) -> str:
    """Return the JSON for Intune's JSON editor of a managed Google Play app."""
    return _json(
        {
            "kind": "androidenterprise#managedConfiguration",
            "productId": f"app:{PACKAGE}",
            "managedProperty": [{"key": key, "valueString": value} for key, value in _pairs(values)],
        }
    )


def ios_configuration(values: Values) -> str:
    """Return the XML property list for Intune's XML editor of a managed iOS app."""
    lines = [
        f"  <key>{escape(key)}</key>\n  <string>{escape(value)}</string>" for key, value in _pairs(values)
    ]
    return "\n".join(["<dict>", *lines, "</dict>"])


def block_by_level(values: Values) -> str:
    """Return the fail-open policy: the values from the level up, and phones that fell silent, are blocked."""
    rule = (
        f"device.extensionAttribute{values.attribute_number} -in {json.dumps(blocked_values(values.minimum))}"
    )
    return _json(_policy(values, f"MTD - block from {values.minimum} up", rule, "block"))


def admit_known(values: Values) -> str:
    """Return the fail-closed policy: whatever is not known to be fine is blocked, also without a value."""
    rule = f"device.extensionAttribute{values.attribute_number} -notIn {json.dumps(admitted_values(values.minimum))}"
    return _json(_policy(values, "MTD - admit only phones known to be fine", rule, "block"))


def require_compliance(values: Values) -> str:
    """Return the policy beside it: browsers and mail apps without a device identity are stopped by this one."""
    return _json(_policy(values, "MTD - require a compliant phone", "", "compliantDevice"))


def _policy(values: Values, name: str, rule: str, control: str) -> dict[str, Any]:
    ours = [values.client_id] if values.client_id else []
    conditions: dict[str, Any] = {
        "clientAppTypes": ["all"],
        "applications": {
            "includeApplications": ["All"],
            "excludeApplications": [*ENROLLMENT_APPS, *ours],
        },
        "users": {"includeGroups": list(values.groups) or [GROUP], "excludeGroups": [BREAK_GLASS]},
        "platforms": {"includePlatforms": ["android", "iOS"]},
    }
    if rule:
        conditions["devices"] = {"deviceFilter": {"mode": "include", "rule": rule}}
    return {
        "displayName": name,
        "state": "enabledForReportingButNotEnforced",
        "conditions": conditions,
        "grantControls": {"operator": "OR", "builtInControls": [control]},
    }


def compliance(kind: str) -> str:
    """Return a compliance policy of a Graph type, so that a phone can be compliant at all."""
    rule = {
        "ruleName": "PasswordRequired",
        "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}],
    }
    return _json(
        {
            "@odata.type": f"#microsoft.graph.{kind}",
            "displayName": f"MTD - {'iOS' if kind.startswith('ios') else 'Android work profile'}",
            "securityBlockJailbrokenDevices": True,
            "scheduledActionsForRule": [rule],
        }
    )


def mail(language: str, values: Values) -> str:
    """Return the text of a mail to employees, in English (en) or French (fr)."""
    return _MAILS[language] % {"organisation": values.organisation, "contact": values.contact}


def _json(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


_MAILS: Final = {
    "en": """Subject: Protecting the phone you work with

Hello,

%(organisation)s protects phones that open company data. In the next few days you receive a mail with an
activation code. Open it on your phone and follow its steps; this takes about two minutes.

What is looked at: whether the system is up to date and unaltered, which apps are installed, and how the phone
is secured. What is not: your messages, photos, calls, and what you do in apps.

If a threat is found, the app tells you what it is and how to mend it. A phone at high risk cannot open company
data until that is done; it is let in again by itself, usually within an hour.

Questions: %(contact)s
""",
    "fr": """Objet : protection du téléphone avec lequel vous travaillez

Bonjour,

%(organisation)s protège les téléphones qui accèdent aux données de l’entreprise. Dans les prochains jours, vous
recevrez un e-mail avec un code d’activation. Ouvrez-le sur votre téléphone et suivez les étapes ; cela prend
environ deux minutes.

Ce qui est examiné : si le système est à jour et intact, quelles applications sont installées et comment le
téléphone est sécurisé. Ce qui ne l’est pas : vos messages, vos photos, vos appels et ce que vous faites dans les
applications.

Si une menace est trouvée, l’application vous dit laquelle et comment y remédier. Un téléphone à risque élevé ne
peut pas ouvrir les données de l’entreprise tant que ce n’est pas fait ; il est admis à nouveau de lui-même,
généralement en moins d’une heure.

Questions : %(contact)s
""",  # noqa: RUF001 - French writes its apostrophe so
}
