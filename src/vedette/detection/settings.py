"""Settings, special access and integrity, where the agent reads them; protection that the agent needs."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from vedette.detection.detector import Context, fine, found
from vedette.detection.integrity import judge_integrity
from vedette.detection.ios import judge_ios
from vedette.detection.special_access import judge_access
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.report import Facts
from vedette_facts.versions import older

AGENT_VERSION: Final = "agent.version"
AGENT_PERMISSION: Final = "agent.permission"
PERMISSIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "storage": ("STORAGE_PERMISSION_NOT_ACCEPTED", "storage"),
        "notifications": ("NOTIFICATION_PERMISSION_NOT_ACCEPTED", "notifications"),
        "sms": ("SMISHING_PERMISSIONS_NOT_ACCEPTED", "sms"),
        "device_admin": ("DEVICE_ADMIN_NOT_ACTIVATED", "device_admin"),
        "vpn": ("VPN_NOT_ENABLED", "vpn"),
        "web_protection": ("PCP_DISABLED", "web_protection"),
        "secure_dns": ("SECURE_DNS_NOT_ENABLED", "secure_dns"),
    }
)
"""Name in `agent.permissions` to classification and key. What the agent does not name, it does not need."""
PAUSED: Final = "web_protection_paused"
_TERM: Final[Mapping[str, str]] = {"device_admin": "device_admin_permission", "vpn": "required_vpn"}
"""Where a permission's name stands for something else among the terms of evidence."""


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge what was read; rules whose classification does not exist on the platform are not asked."""
    answers = [*_agent(facts, context)]
    if facts.settings is not None:
        answers += judge_integrity(facts, facts.settings, context.index)
        if facts.device.platform == "ANDROID":
            answers += judge_access(facts, facts.settings, context)
        else:
            answers += judge_ios(facts.settings, context.index)
    for answer in answers:
        if facts.device.platform in CLASSIFICATIONS[answer.classification].platforms:
            yield answer


def _agent(facts: Facts, context: Context) -> Iterator[Observation]:
    minimum, version = context.policy.minimum_agent, facts.agent.version
    outdated = older(version, minimum) if minimum and version else None
    if outdated:
        evidence = (Evidence("version", version, AGENT_VERSION), Evidence("minimum", minimum, AGENT_VERSION))
        yield found("AGENT_OUTDATED", "agent", evidence)
    elif version:
        yield fine(
            AGENT_VERSION, "AGENT_OUTDATED", "agent", f"version {version}, minimum {minimum or 'none'}"
        )
    for name, (code, key) in PERMISSIONS.items():
        if name in facts.agent.permissions:
            if facts.agent.permissions[name]:
                yield fine(AGENT_PERMISSION, code, key, f"{name} is given")
            else:
                yield found(code, key, (Evidence("permission", _TERM.get(name, name), AGENT_PERMISSION),))
    if PAUSED in facts.agent.permissions:
        if facts.agent.permissions[PAUSED]:
            yield found("PCP_PAUSED", "paused", (Evidence("permission", PAUSED, AGENT_PERMISSION),))
        else:
            yield fine(AGENT_PERMISSION, "PCP_PAUSED", "paused", "not paused")
