"""Signed data of PKCS #7 (RFC 2315 section 9; CMS is RFC 5652), detached, as it stands in `META-INF/*.RSA`."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hashes

from vedette_facts.apk.signing import der
from vedette_facts.apk.signing.algorithms import verify
from vedette_facts.apk.signing.certificates import Parts, parts, public_key
from vedette_facts.limits import UnreadableError

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_CERTIFICATES_TAG, _ATTRIBUTES_TAG = 0xA0, 0xA0
_MOST_SIGNERS: Final = 20
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType(
    {
        "1.2.840.113549.2.5": hashes.MD5(),  # noqa: S303 - old applications are signed so, and Android accepts them
        "1.3.14.3.2.26": hashes.SHA1(),  # noqa: S303 - as above
        "2.16.840.1.101.3.4.2.4": hashes.SHA224(),
        "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
        "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
        "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
    }
)


def signer_of(block: bytes, signed: bytes) -> bytes:
    """Verify a block over the signed bytes and give the signer's certificate.

    As on Android one signer that verifies is enough. UnreadableError when none does.
    """
    content = _content(block)
    certificates, infos = _certificates(content), content[-1].children()
    if not infos or len(infos) > _MOST_SIGNERS:
        raise UnreadableError("The signature block has no signer, or too many.")
    why = UnreadableError("The signature block has no certificate of its signer.")
    for info in infos:
        try:
            return _verified(info, certificates, signed)
        except UnreadableError as error:
            why = error
    raise why


def _content(block: bytes) -> list[der.Node]:
    outer = der.first(block).children()
    if len(outer) < 2 or der.oid(outer[0]) != _SIGNED_DATA:  # noqa: PLR2004 - type and content
        raise UnreadableError("The signature block is no signed data.")
    content = outer[1].children()
    values = content[0].children() if content else []
    if len(values) < 4 or values[-1].tag != der.SET:  # noqa: PLR2004 - version, digests, content, signers
        raise UnreadableError("The signature block is broken.")
    return values


def _certificates(content: list[der.Node]) -> list[tuple[Parts, bytes]]:
    found = []
    for node in content[3:]:
        if node.tag == _CERTIFICATES_TAG:
            encoded = [bytes(child.whole) for child in node.children() if child.tag == der.SEQUENCE]
            found += [(parts(each), each) for each in encoded]
    return found


def _verified(info: der.Node, certificates: list[tuple[Parts, bytes]], signed: bytes) -> bytes:
    """Verify one signer (SignerInfo, RFC 2315 section 9.2)."""
    fields = info.children()
    if len(fields) < 5:  # noqa: PLR2004 - version, issuer and serial number, digest, algorithm, signature
        raise UnreadableError("A signer of the signature block is broken.")
    _, identity, digest_node, *rest = fields
    digest = _hash(digest_node)
    attributes = rest.pop(0) if rest[0].tag == _ATTRIBUTES_TAG else None
    if len(rest) < 2:  # noqa: PLR2004 - algorithm and signature
        raise UnreadableError("A signer of the signature block is broken.")
    certificate = _certificate(identity, certificates)
    if attributes is not None:
        if _message_digest(attributes) != hashlib.new(digest.name, signed).digest():
            raise UnreadableError("The signature block was made for another signature file.")
        # what is signed is the set itself, not its place in the signer (RFC 2315 section 9.3)
        signed = b"\x31" + bytes(attributes.whole[1:])
    key = public_key(parts(certificate).key)
    if not verify(key, rest[1].octets(), signed, digest):
        raise UnreadableError(
            "The signature does not verify: the signature file was changed, or signed by another key."
        )
    return certificate


def _hash(node: der.Node) -> hashes.HashAlgorithm:
    children = node.children()
    number = der.oid(children[0]) if children else ""
    if number not in _HASHES:
        raise UnreadableError(f"The signature block uses the unknown digest {number or '(none)'}.")
    return _HASHES[number]


def _certificate(identity: der.Node, certificates: list[tuple[Parts, bytes]]) -> bytes:
    named = identity.children()
    if len(named) >= 2:  # noqa: PLR2004 - issuer and serial number
        issuer, serial = bytes(named[0].whole), bytes(named[1].content)
        for known, encoded in certificates:
            if (known.issuer, known.serial) == (issuer, serial):
                return encoded
    raise UnreadableError("The signature block has no certificate of its signer.")


def _message_digest(attributes: der.Node) -> bytes:
    for attribute in attributes.children():
        pair = attribute.children()
        if len(pair) == 2 and der.oid(pair[0]) == _MESSAGE_DIGEST:  # noqa: PLR2004 - type and values
            values = pair[1].children()
            return values[0].octets() if values else b""
    raise UnreadableError("The signature block does not say what was signed.")
