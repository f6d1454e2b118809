"""Files of applications made here: binary manifests, archives, and signatures of schemes v2 to v3.1 with fresh keys."""

import base64
import datetime as dt
import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from vedette_facts.apk.container import find_directory
from vedette_facts.apk.signing.algorithms import ALGORITHMS
from vedette_facts.apk.signing.block import MAGIC, V2, V3, V31
from vedette_facts.apk.signing.content import ContentDigests

ANDROID_NAMES = {
    "label": 0x01010001, "name": 0x01010003, "permission": 0x01010006, "enabled": 0x0101000E,
    "debuggable": 0x0101000F, "minSdkVersion": 0x0101020C, "versionCode": 0x0101021B,
    "versionName": 0x0101021C, "targetSdkVersion": 0x01010270,
}  # fmt: skip
BLOCKS = {"v2": V2, "v3": V3, "v3.1": V31}
NO_END = 0x7FFFFFFF
Node = tuple[str, Mapping[str, Any], Sequence[Any]]
"""An element: name, attributes (text, number, or true and false), elements in it."""


def sample_manifest(
    *,
    package: str = "org.example.made",
    permissions: Sequence[str] = (),
    min_sdk: int = 24,
    inside: Sequence[Node] = (),
) -> bytes:
    """A manifest as most have it, with an icon unless `inside` says what the application holds."""
    icon: Node = (
        "activity",
        {"name": ".Main"},
        [
            (
                "intent-filter",
                {},
                [
                    ("action", {"name": "android.intent.action.MAIN"}, []),
                    ("category", {"name": "android.intent.category.LAUNCHER"}, []),
                ],
            )
        ],
    )
    asked: list[Node] = [("uses-permission", {"name": name}, []) for name in permissions]
    return binary_xml(
        (
            "manifest",
            {"package": package, "versionCode": 3, "versionName": "1.0"},
            [
                ("uses-sdk", {"minSdkVersion": min_sdk, "targetSdkVersion": 34}, []),
                *asked,
                ("application", {"label": "Made here"}, list(inside) or [icon]),
            ],
        )
    )


def binary_xml(root: Node, *, decoys: bool = False) -> bytes:
    """Write Android's binary XML. `decoys`: attributes that only look like Android's stand before the true ones."""
    names = list(ANDROID_NAMES)
    strings = [*names, *sorted(_words(root) - set(names)), *names]
    place = {word: strings.index(word) for word in strings}
    events = b"".join(_events(root, place, len(strings) - len(names) if decoys else None))
    numbers = b"".join(struct.pack("<L", ANDROID_NAMES[name]) for name in names)
    body = _pool(strings) + struct.pack("<HHL", 0x0180, 8, 8 + len(numbers)) + numbers + events
    return struct.pack("<HHL", 0x0003, 8, 8 + len(body)) + body


def _words(node: Node) -> set[str]:
    name, attributes, children = node
    texts = {value for value in attributes.values() if isinstance(value, str)}
    return {name, *attributes, *texts}.union(*(_words(child) for child in children))


def _events(node: Node, place: Mapping[str, int], decoys: int | None) -> list[bytes]:
    name, attributes, children = node
    nothing = 0xFFFFFFFF
    rows = []
    for key, value in attributes.items():
        if decoys is not None and key in ANDROID_NAMES:
            lie = place["manifest"]
            rows.append(struct.pack("<LLLHBBL", nothing, decoys + place[key], lie, 8, 0, 3, lie))
        kind, data = (
            (3, place[value])
            if isinstance(value, str)
            else (0x12, value and nothing)
            if isinstance(value, bool)
            else (0x10, value)
        )
        raw = place[value] if isinstance(value, str) else nothing
        rows.append(struct.pack("<LLLHBBL", nothing, place[key], raw, 8, 0, kind, int(data)))
    head = struct.pack("<LLHHHHHH", nothing, place[name], 20, 20, len(rows), 0, 0, 0)
    content = struct.pack("<LL", 1, nothing) + head + b"".join(rows)
    start = struct.pack("<HHL", 0x0102, 16, 8 + len(content)) + content
    end = struct.pack("<HHLLLLL", 0x0103, 16, 24, 1, nothing, nothing, place[name])
    return [start, *(event for child in children for event in _events(child, place, decoys)), end]


def _pool(strings: Sequence[str]) -> bytes:
    encoded = [struct.pack("<H", len(word)) + word.encode("utf-16-le") + b"\0\0" for word in strings]
    offsets = [sum(map(len, encoded[:number])) for number in range(len(encoded))]
    texts = b"".join(encoded)
    texts += bytes(-len(texts) % 4)
    start = 28 + 4 * len(strings)
    head = struct.pack("<HHLLLLLL", 0x0001, 28, start + len(texts), len(strings), 0, 0, start, 0)
    return head + struct.pack(f"<{len(offsets)}L", *offsets) + texts


def dex(*names: str, texts: Sequence[str] = ()) -> bytes:
    """The tables of a Dalvik executable that defines classes (`org/example/Main`) and holds texts; it runs nowhere."""
    words = [f"L{name};" for name in names] + list(texts)
    at = 0x70
    ids, types, classes = at, at + 4 * len(words), at + 4 * len(words) + 4 * len(names)
    data = classes + 32 * len(names)
    offsets, body = [], b""
    for word in words:
        offsets.append(data + len(body))
        body += bytes([len(word)]) + word.encode() + b"\0"
    head = b"dex\n035\0" + bytes(24)
    head += struct.pack("<20L", data + len(body), 0x70, 0x12345678, 0, 0, 0, len(words), ids, len(names), types,
                        0, 0, 0, 0, 0, 0, len(names), classes, len(body), data)  # fmt: skip
    tables = struct.pack(f"<{len(words)}L", *offsets) + struct.pack(f"<{len(names)}L", *range(len(names)))
    rows = b"".join(struct.pack("<8L", number, 1, 0, 0, 0, 0, 0, 0) for number in range(len(names)))
    return head + tables + rows + body


def archive(entries: Mapping[str, bytes], *, packed: bool = True) -> bytes:
    """A zip archive of these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as made:
        for name, content in entries.items():
            made.writestr(zipfile.ZipInfo(name), content, made.compression)
    return out.getvalue()


def sample(**more: bytes) -> bytes:
    """An unsigned application of three entries and more (`assets__x` for `assets/x`)."""
    entries = {"AndroidManifest.xml": sample_manifest(), "classes.dex": dex("org/example/made/Main")}
    return archive(entries | {name.replace("__", "/"): content for name, content in more.items()})


@dataclass(frozen=True)
class Key:
    """A private key with its certificate, and the signature algorithm that it signs with."""

    private: Any
    certificate: bytes
    algorithm: int

    @property
    def public(self) -> bytes:
        """Its SubjectPublicKeyInfo."""
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        encoded: bytes = self.private.public_key().public_bytes(encoding, form)
        return encoded

    def sign(self, data: bytes, algorithm: int | None = None) -> bytes:
        """Sign, as the algorithm says."""
        known = ALGORITHMS[algorithm or self.algorithm]
        signed: bytes
        if known.key is rsa.RSAPublicKey:
            pss = padding.PSS(padding.MGF1(known.digest), known.digest.digest_size)
            signed = self.private.sign(data, pss if known.pss else padding.PKCS1v15(), known.digest)
        elif known.key is ec.EllipticCurvePublicKey:
            signed = self.private.sign(data, ec.ECDSA(known.digest))
        else:
            signed = self.private.sign(data, known.digest)
        return signed


@cache
def key(algorithm: int = 0x0201, number: int = 1, subject: str = "Test signer") -> Key:
    """A key for an algorithm, made once; another `number` is another key."""
    kind = ALGORITHMS[algorithm].key
    private: Any
    if kind is rsa.RSAPublicKey:
        private = rsa.generate_private_key(65537, 2048)
    elif kind is ec.EllipticCurvePublicKey:
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = dsa.generate_private_key(1024)  # noqa: S505 - a larger one takes seconds to make
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{subject} {number}".removesuffix(" 0"))])
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(number + 1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=9000))
        .sign(private, hashes.SHA256())
    )
    return Key(private, certificate.public_bytes(serialization.Encoding.DER), algorithm)


@dataclass(frozen=True)
class Signer:
    """One signer of a block. Fields that a test sets wrongly are what it is about."""

    key: Key
    min_sdk: int = 28
    max_sdk: int = NO_END
    attributes: Mapping[int, bytes] = field(default_factory=dict)
    public: bytes | None = None
    certificate: bytes | None = None
    spoil_digest: bool = False
    outer_min_sdk: int | None = None
    more: Sequence[int] = ()


def prefixed(*values: bytes) -> bytes:
    """Values, each with its length before it, and the length of all before them."""
    body = b"".join(len(value).to_bytes(4, "little") + value for value in values)
    return len(body).to_bytes(4, "little") + body


def _value(value: bytes) -> bytes:
    return len(value).to_bytes(4, "little") + value


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def sign(apk: bytes, **schemes: Sequence[Signer]) -> bytes:
    """Sign with schemes `v2`, `v3`, `v31`. Entries before are padded as fs-verity asks (pages of 4,096 bytes)."""
    directory = find_directory(memoryview(apk))
    padding_ = bytes(-directory.offset % 4096)
    body, central, end = (
        apk[: directory.offset] + padding_,
        apk[directory.offset : directory.end],
        apk[directory.end :],
    )
    at = len(body)
    whole = memoryview(body + central + end[:16] + _number(at) + end[20:])
    content = ContentDigests(whole, find_directory(whole), at)
    pairs = b""
    for name, signers in schemes.items():
        scheme = "v3.1" if name == "v31" else name
        value = prefixed(*(_signer(scheme, signer, content) for signer in signers))
        pairs += (len(value) + 4).to_bytes(8, "little") + _number(BLOCKS[scheme]) + value
    size = (len(pairs) + 24).to_bytes(8, "little")
    block = size + pairs + size + MAGIC
    return body + block + central + end[:16] + _number(at + len(block)) + end[20:]


def sign_v1(
    entries: Mapping[str, bytes], *signers: tuple[Key, Sequence[str]], claimed: Mapping[str, bytes]
) -> bytes:
    """An archive with JAR signatures: each signer vouches for the entries it names, as `claimed` says they are."""

    def digested(content: bytes) -> bytes:
        return b"SHA-256-Digest: " + base64.b64encode(hashlib.sha256(content).digest()) + b"\r\n\r\n"

    about = {name: f"Name: {name}\r\n".encode() + digested(content) for name, content in claimed.items()}
    files = {"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n\r\n" + b"".join(about.values())}
    for number, (own, names) in enumerate(signers):
        rows = (f"Name: {name}\r\n".encode() + digested(about[name]) for name in names)
        told = b"Signature-Version: 1.0\r\n\r\n" + b"".join(rows)
        certificate = x509.load_der_x509_certificate(own.certificate)
        builder = pkcs7.PKCS7SignatureBuilder().set_data(told)
        builder = builder.add_signer(certificate, own.private, hashes.SHA256())
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
        files[f"META-INF/S{number}.SF"] = told
        files[f"META-INF/S{number}.EC"] = builder.sign(serialization.Encoding.DER, options)
    return archive({**entries, **files})


def _signer(scheme: str, signer: Signer, content: ContentDigests) -> bytes:
    algorithms = [signer.key.algorithm, *signer.more]
    digests = [content.get(ALGORITHMS[algorithm].content) for algorithm in algorithms]
    if signer.spoil_digest:
        digests = [bytes(len(digest)) for digest in digests]
    listed = [_number(a) + _value(digest) for a, digest in zip(algorithms, digests, strict=True)]
    signed = prefixed(*listed) + prefixed(signer.certificate or signer.key.certificate)
    versions = _number(signer.min_sdk) + _number(signer.max_sdk)
    signed += b"" if scheme == "v2" else versions
    signed += prefixed(*(_number(number) + value for number, value in signer.attributes.items()))
    signatures = [_number(a) + _value(signer.key.sign(signed, a)) for a in algorithms]
    outer = _number(signer.outer_min_sdk or signer.min_sdk) + _number(signer.max_sdk)
    middle = b"" if scheme == "v2" else outer
    return _value(signed) + middle + prefixed(*signatures) + _value(signer.public or signer.key.public)


def lineage(*keys: Key, forged: bool = False) -> bytes:
    """A proof of rotation from the first key to the last. `forged`: the last step is signed by the last key itself."""
    levels = []
    for number, own in enumerate(keys):
        before = keys[max(0, number - 1)]
        signed = _value(own.certificate) + _number(before.algorithm)
        by = own if forged and number == len(keys) - 1 else before
        signature = by.sign(signed, by.algorithm) if number else b""
        levels.append(_value(_value(signed) + _number(0) + _number(own.algorithm) + _value(signature)))
    return _number(1) + b"".join(levels)
