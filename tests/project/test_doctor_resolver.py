"""What `vedette doctor` says of the resolver's settings."""

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from tests.support.http_server import certificate_for

from vedette.foundation import config, name_server
from vedette.project.doctor_resolver import examine


def found(**changes: Any) -> dict[str, tuple[bool, str]]:
    settings = replace(config.load({}), **changes)
    return {finding.name: (finding.ok, finding.what) for finding in examine(settings)}


def test_what_is_not_set_up_is_no_fault() -> None:
    assert all(ok for ok, _what in found(dns_upstream=name_server.read("tls://dns.example")).values())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param({}, "renew it", id="fine but for its end: the test's is good for a day"),
        pytest.param({"dot_name": ""}, "VEDETTE_DOT_NAME", id="no name"),
        pytest.param({"dot_key": None}, "VEDETTE_DOT_KEY_FILE", id="no key"),
        pytest.param({"dot_name": "other.example"}, "does not name", id="another name"),
        pytest.param({"dot_key": "other"}, "is not the key", id="another key"),
        pytest.param({"dot_certificate": "text"}, "cannot be read", id="no certificate"),
    ],
)
def test_certificate_and_key_are_looked_at(spoil: dict[str, Any], said: str, tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "*.dns.vedette.test")
    (tmp_path / "second").mkdir()
    files = {"other": certificate_for(tmp_path / "second", "x.test")[1], "text": tmp_path / "text.pem"}
    files["text"].write_text("no certificate")
    given: dict[str, Any] = {
        "dot_port": 853,
        "dot_name": "dns.vedette.test",
        "dot_certificate": certificate,
        "dot_key": key,
    }
    given |= {name: files.get(str(value), value) for name, value in spoil.items()}
    ok, what = found(**given)["DNS over TLS"]
    assert said in what
    assert not ok


def test_a_sinkhole_without_a_page_is_a_fault() -> None:
    assert not found(sinkhole_ipv4=IPv4Address("192.0.2.1"))["block page"][0]
    assert found(sinkhole_ipv4=IPv4Address("192.0.2.1"), block_port=80)["block page"][0]
    assert "in the clear" in found(dns_upstream=name_server.read("192.0.2.53"))["name server"][1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VEDETTE_DOT_PORT", "none"),
        ("VEDETTE_DOT_NAME", "-x.example"),
        ("VEDETTE_BLOCK_PORT", "0"),
        ("VEDETTE_SINKHOLE_IPV4", "::1"),
        ("VEDETTE_DNS_UPSTREAM", "dns.example"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(config.ConfigError, match=name):
        config.load({name: value})
