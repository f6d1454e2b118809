"""What `vedette doctor` says of the resolver: certificate and key of DNS over TLS, the block page, the upstream."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from vedette.foundation import name_server
from vedette.foundation.config import Config
from vedette.project.finding import Finding

_SOON = timedelta(days=14)


def examine(settings: Config) -> Iterator[Finding]:
    """Look at what is set up; what is not set up is no fault."""
    yield _tls(settings)
    yield _page(settings)
    yield _upstream(settings)


def _tls(settings: Config) -> Finding:
    name = "DNS over TLS"
    if settings.dot_port is None:
        return Finding(
            name,
            ok=True,
            what="not served; set VEDETTE_DOT_PORT=853 for Android's Private DNS (operator guide)",
        )
    missing = [
        variable
        for variable, value in (
            ("VEDETTE_DOT_NAME", settings.dot_name),
            ("VEDETTE_DOT_CERTIFICATE_FILE", settings.dot_certificate),
            ("VEDETTE_DOT_KEY_FILE", settings.dot_key),
        )
        if not value
    ]
    if missing or settings.dot_certificate is None or settings.dot_key is None:
        return Finding(name, ok=False, what=f"VEDETTE_DOT_PORT is set: set {', '.join(missing)} too")
    return _pair(settings, settings.dot_certificate, settings.dot_key)


def _pair(settings: Config, certificate_file: Path, key_file: Path) -> Finding:
    name = "DNS over TLS"
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        return Finding(
            name,
            ok=False,
            what=f"{certificate_file} or {key_file} cannot be read as PEM without a password ({error})",
        )
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        return Finding(
            name, ok=False, what="VEDETTE_DOT_KEY_FILE is not the key of VEDETTE_DOT_CERTIFICATE_FILE"
        )
    wanted = f"*.{settings.dot_name}"
    if wanted not in _names(certificate):
        return Finding(
            name,
            ok=False,
            what=f"the certificate does not name {wanted}: phones would refuse it. Get one that does",
        )
    ends = certificate.not_valid_after_utc
    if ends < datetime.now(UTC) + _SOON:
        return Finding(
            name, ok=False, what=f"the certificate ends {ends.date()}: renew it; it is taken over by itself"
        )
    return Finding(
        name, ok=True, what=f"{wanted} on port {settings.dot_port}, certificate until {ends.date()}"
    )


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in found.value.get_values_for_type(x509.DNSName)]


def _page(settings: Config) -> Finding:
    name = "block page"
    sinkhole = settings.sinkhole_ipv4 or settings.sinkhole_ipv6
    if not sinkhole:
        return Finding(
            name, ok=True, what="not set up: blocked names do not exist for phones (VEDETTE_SINKHOLE_IPV4)"
        )
    if settings.block_port is None:
        return Finding(
            name,
            ok=False,
            what=f"blocked names lead to {sinkhole}, where nothing is served: set VEDETTE_BLOCK_PORT, usually 80",
        )
    return Finding(name, ok=True, what=f"{sinkhole}, served on port {settings.block_port}")


def _upstream(settings: Config) -> Finding:
    name = "name server"
    chosen = settings.dns_upstream or name_server.of_machine()
    if chosen is None:
        return Finding(
            name,
            ok=False,
            what="this machine names none, so tenants must choose theirs; or set VEDETTE_DNS_UPSTREAM",
        )
    plain = "" if chosen.encrypted else "; in the clear: https:// or tls:// keeps names from those on the way"
    return Finding(
        name, ok=True, what=f"{chosen.url or f'{chosen.host} port {chosen.port}'} by {chosen.way}{plain}"
    )
