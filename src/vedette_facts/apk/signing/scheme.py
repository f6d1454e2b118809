"""APK Signature Schemes v2, v3 and v3.1: signers of one block, and whether what they signed is this file."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from vedette_facts.apk.facts import Certificate, Scheme, SchemeCheck
from vedette_facts.apk.signing.algorithms import ALGORITHMS, holds
from vedette_facts.apk.signing.certificates import describe, parts, public_key
from vedette_facts.apk.signing.content import ContentDigests
from vedette_facts.apk.signing.lineage import read_lineage
from vedette_facts.apk.signing.prefixed import Prefixed
from vedette_facts.limits import UnreadableError

STRIPPING: Final = 0xBEEFF00D
"""In v2: the newest scheme that was signed with, whose removal would go unnoticed without."""
PROOF_OF_ROTATION: Final = 0x3BA06F8C
ROTATION_MIN_SDK: Final = 0x559F8B02
"""In v3: the first Android version that a v3.1 block speaks for; it must be there then."""
_V2_ATTRIBUTES, _V3_ATTRIBUTES = (
    frozenset({STRIPPING}),
    frozenset({PROOF_OF_ROTATION, ROTATION_MIN_SDK, 0xC2A6B3BA}),
)
_MOST_SIGNERS: Final = 10
_FIRST_VERITY_SDK: Final = 28
NO_END: Final = 0x7FFFFFFF


@dataclass(frozen=True)
class Signer:
    """One signer: its certificates, what it signed over the content (algorithm to digest), its Android versions."""

    certificates: tuple[bytes, ...]
    digests: dict[int, bytes]
    chosen: tuple[int, ...]
    attributes: dict[int, bytes]
    min_sdk: int
    max_sdk: int
    lineage: tuple[bytes, ...] = ()


@dataclass
class Checked:
    """What a block says, for the verdict: signers that verify, and the check as facts."""

    check: SchemeCheck
    signers: list[Signer] = field(default_factory=list)

    def attribute(self, number: int) -> int | None:
        """Give an attribute of the signers as a number."""
        values = [signer.attributes[number] for signer in self.signers if number in signer.attributes]
        return int.from_bytes(values[0][:4], "little") if values else None


def check_block(scheme: Scheme, block: bytes, content: ContentDigests, min_sdk: int) -> Checked:
    """Verify all signers of a block. Never raises: what is wrong is a problem of the check."""
    problems: list[str] = []
    notes: list[str] = []
    signers: list[Signer] = []
    try:
        signers += [_signer(scheme, reader, notes, min_sdk) for reader in _readers(block)]
        for signer in signers:
            _compare(signer, content)
        if scheme != "v2":
            _check_ranges(signers)
    except UnreadableError as error:
        problems.append(str(error))
    check = SchemeCheck(
        scheme=scheme,
        signers=[describe(signer.certificates[0]) for signer in signers],
        problems=problems,
        notes=list(dict.fromkeys(notes)),
        min_sdk=min((signer.min_sdk for signer in signers), default=1),
        max_sdk=_end(signers),
        lineage=_lineage(signers),
    )
    return Checked(check, signers)


def _readers(block: bytes) -> list[Prefixed]:
    readers = list(Prefixed(block).each())
    if not readers:
        raise UnreadableError("It has no signer.")
    if len(readers) > _MOST_SIGNERS:
        raise UnreadableError(f"It has more than {_MOST_SIGNERS} signers.")
    return readers


def _signer(scheme: Scheme, reader: Prefixed, notes: list[str], min_sdk: int) -> Signer:
    signed = reader.value()
    bounds = (1, NO_END) if scheme == "v2" else (reader.number(), reader.number())
    signatures = {each.number(): each.value() for each in reader.each()}
    encoded_key = reader.value()
    chosen = _verify(signed, signatures, encoded_key, notes, min_sdk)
    inner = Prefixed(signed)
    digests = {each.number(): each.value() for each in inner.each()}
    certificates = _certificates(inner.value())
    inside = bounds if scheme == "v2" else (inner.number(), inner.number())
    attributes = {each.number(): each.rest() for each in inner.each()} if inner else {}
    if list(digests) != list(signatures):
        raise UnreadableError("What is signed names other algorithms than the signatures beside it.")
    if inside != bounds:
        raise UnreadableError("The Android versions beside the signature are not those that were signed.")
    if parts(certificates[0]).key != encoded_key:
        raise UnreadableError("The certificate is not that of the key that signed.")
    unknown = attributes.keys() - (_V2_ATTRIBUTES if scheme == "v2" else _V3_ATTRIBUTES)
    notes += [f"It carries the unknown attribute {number:#010x}." for number in sorted(unknown)]
    proof = attributes.get(PROOF_OF_ROTATION)
    lineage = _proven(proof, certificates[0]) if proof is not None and scheme != "v2" else ()
    return Signer(certificates, digests, chosen, attributes, *bounds, lineage)


def _verify(
    signed: bytes, signatures: dict[int, bytes], encoded_key: bytes, notes: list[str], min_sdk: int
) -> tuple[int, ...]:
    """Verify the signatures that Android picks: the strongest one that each version knows."""
    known = {number: signatures[number] for number in signatures if number in ALGORITHMS}
    notes += [
        f"It carries a signature of the unknown kind {n:#06x}." for n in signatures.keys() - known.keys()
    ]
    if not known:
        raise UnreadableError("It has no signature of a kind that Android knows.")
    key = public_key(encoded_key)
    strongest = max(known, key=lambda number: ALGORITHMS[number].strength)
    old = [number for number in known if ALGORITHMS[number].min_sdk < _FIRST_VERITY_SDK]
    chosen = {strongest}
    if min_sdk < _FIRST_VERITY_SDK and old:
        chosen.add(max(old, key=lambda number: ALGORITHMS[number].strength))
    for number, signature in known.items():
        if holds(ALGORITHMS[number], key, signature, signed):
            continue
        if number in chosen:
            raise UnreadableError(
                "The signature does not verify: what was signed was changed, or by another key."
            )
        notes.append(f"A weaker signature beside it ({number:#06x}) does not verify.")
    return tuple(sorted(chosen))


def _certificates(listed: bytes) -> tuple[bytes, ...]:
    reader, found = Prefixed(listed), []
    while reader:
        found.append(reader.value())
    if not found:
        raise UnreadableError("It has no certificate.")
    return tuple(found)


def _proven(proof: bytes, certificate: bytes) -> tuple[bytes, ...]:
    lineage = tuple(read_lineage(proof))
    if not lineage or lineage[-1] != certificate:
        raise UnreadableError("The proof of rotation ends with another certificate.")
    return lineage


def _compare(signer: Signer, content: ContentDigests) -> None:
    for number in signer.chosen:
        if content.get(ALGORITHMS[number].content) != signer.digests[number]:
            raise UnreadableError(
                "The content of the file is not what was signed: it was changed afterwards."
            )


def _check_ranges(signers: Sequence[Signer]) -> None:
    """Each Android version has at most one signer, and between them there is no gap."""
    ordered = sorted(signers, key=lambda signer: signer.min_sdk)
    for signer in ordered:
        if signer.min_sdk > signer.max_sdk:
            raise UnreadableError("A signer speaks for no Android version.")
    for before, after in itertools.pairwise(ordered):
        if after.min_sdk != before.max_sdk + 1:
            raise UnreadableError("The signers' Android versions overlap or leave a gap.")


def _end(signers: Sequence[Signer]) -> int | None:
    most = max((signer.max_sdk for signer in signers), default=NO_END)
    return None if most >= NO_END else most


def _lineage(signers: Sequence[Signer]) -> list[Certificate]:
    longest = max((signer.lineage for signer in signers), key=len, default=())
    return [describe(certificate) for certificate in longest[:-1]]
