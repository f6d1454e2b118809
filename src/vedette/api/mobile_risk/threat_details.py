"""`details` of a threat: what its evidence says, under the names that the type of the threat has for it.

An evidence is one fact with its value (verdict.findings); facts are named as `vedette_facts` names them. What no
detector has said is left out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from vedette.api.mobile_risk import shapes
from vedette.api.mobile_risk.shapes import Details
from vedette.verdict.classifications import classification
from vedette.verdict.classifications.model import Family

_APP_KEY: Final = re.compile(r"[a-z_]+:(?P<package>[^@]+)")
_LABEL: Final = re.compile(r"(?P<name>.+) \((?P<package>[^()]+)\)")
_REASONS: Final = {
    "PHISHING_CONTENT": "PHISHING",
    "MALICIOUS_CONTENT": "MALICIOUS",
    "UNAUTHORIZED_CONTENT": "OBJECTIONABLE_CONTENT",
    "DENYLISTED_CONTENT": "DENYLISTED",
}
_BLOCKED: Final = {"block_and_alert": "BLOCKED", "warn_and_alert": "REDIRECTED_USER_MAY_PROCEED"}
_SAME_NAME: Final = (
    "network_ssid", "mac_address", "proxy_protocol", "proxy_address", "vpn_local_address", "url", "user_response",
)  # fmt: skip
_OTHER_NAME: Final = {"ssid": "network_ssid", "bssid": "mac_address", "domain": "url", "host": "url"}

Facts = Mapping[str, str]


def details(
    code: str,
    key: str,
    evidence: Sequence[Mapping[str, Any]],
    *,
    response: str = "",
    app: Mapping[str, Any] | None = None,
) -> Details:
    """Return the details of a threat. `app` is the application as the phone's last report lists it, where it does."""
    facts = {str(item["fact"]): str(item["value"]) for item in reversed(evidence)}
    fill = _FILL.get(classification(code).family)
    return fill(code, key, facts, response, app or {}) if fill else Details()


def package_of(code: str, key: str) -> str | None:
    """Return the name of the application that a threat was found in; None when it was found elsewhere."""
    if classification(code).family not in {Family.APPLICATION, Family.FILE}:
        return None
    match = _APP_KEY.match(key)
    return match["package"] if match else None


def _application(code: str, key: str, facts: Facts, _response: str, app: Mapping[str, Any]) -> Details:
    package = package_of(code, key) or facts.get("package")
    label = _LABEL.fullmatch(facts.get("app", ""))
    return Details(
        application_name=label["name"] if label else app.get("name"),
        package_name=package,
        package_sha=facts.get("sha256") or app.get("sha256"),
        path=f"package://{package}" if package else None,
        file_name=facts.get("file_name") or package,
    )


def _configuration(code: str, _key: str, facts: Facts, _response: str, _app: Mapping[str, Any]) -> Details:
    kind = {"OUT_OF_DATE_OS": "OS_VERSION", "OUT_OF_DATE_ASPL": "ASPL"}.get(code)
    agent = facts.get("minimum", "") if code == "AGENT_OUTDATED" else ""
    return Details(
        minimum_os_version=facts.get("minimum") if kind else None,
        version_type=kind,
        os_version=facts.get("os_version"),
        trusted_signing_identity=facts.get("signer") or facts.get("trusted_developer"),
        latest_agent_config=shapes.AgentConfig(minimum_compliant_version=int(agent))
        if agent.isdecimal()
        else None,
    )


def _system(_code: str, _key: str, facts: Facts, _response: str, _app: Mapping[str, Any]) -> Details:
    return Details(os_version=facts.get("os_version"), latest_os_version=facts.get("latest_os_version"))


def _network(_code: str, _key: str, facts: Facts, _response: str, _app: Mapping[str, Any]) -> Details:
    port, vpn = facts.get("proxy_port", ""), facts.get("vpn_present") or facts.get("vpn")
    servers = [
        part for part in re.split(r"[,\s]+", facts.get("dns_ip_addresses") or facts.get("dns", "")) if part
    ]
    return Details(
        **_named(facts),
        dns_ip_addresses=servers or None,
        proxy_port=int(port) if port.isdecimal() else None,
        vpn_present=vpn == "true" if vpn in {"true", "false"} else None,
    )


def _web_content(code: str, _key: str, facts: Facts, response: str, _app: Mapping[str, Any]) -> Details:
    return Details(**_named(facts), reason=_REASONS.get(code), response=_BLOCKED.get(response, "NONE"))


def _named(facts: Facts) -> dict[str, Any]:
    found = {name: facts[name] for name in _SAME_NAME if name in facts}
    return {name: facts[fact] for fact, name in _OTHER_NAME.items() if fact in facts} | found


_Fill = Callable[[str, str, Facts, str, Mapping[str, Any]], Details]
_FILL: Final[Mapping[Family, _Fill]] = {
    Family.APPLICATION: _application,
    Family.FILE: _application,
    Family.CONFIGURATION: _configuration,
    Family.OS: _system,
    Family.NETWORK: _network,
    Family.WEB_CONTENT: _web_content,
}
