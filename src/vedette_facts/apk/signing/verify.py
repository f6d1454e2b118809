"""All signatures of a file, and what each range of Android versions makes of them.

Which version goes by which scheme, and when it takes the absence of one for a sign of tampering: source.android.com,
"Application Signing", "APK verification process"; Android 11's rule for applications made for it: "Behavior changes".
"""

from collections.abc import Sequence
from typing import Final

from vedette_facts.apk.container import Container
from vedette_facts.apk.facts import Certificate, Scheme, SchemeCheck, Signatures, Verdict
from vedette_facts.apk.signing import block as signing_block
from vedette_facts.apk.signing.block import V2, V3, V31, SigningBlock
from vedette_facts.apk.signing.content import ContentDigests
from vedette_facts.apk.signing.jar import JarCheck, is_signed
from vedette_facts.apk.signing.scheme import NO_END, ROTATION_MIN_SDK, STRIPPING, Checked, check_block
from vedette_facts.apk.signing.v4 import check_v4
from vedette_facts.limits import UnreadableError

_OLDEST: Final = 18
"""Android 4.3, the first with SHA-256 in v1. What older ones make of a file is not asked any more."""
_SINCE_V2, _SINCE_V3, _SINCE_V31 = 24, 28, 33
_TARGET_NEEDS_V2: Final = 30
_V3_NUMBER: Final = 3


class SignatureCheck:
    """The signatures of one file. The v1 part waits for the entries: `jar` is None where nobody needs it."""

    def __init__(self, container: Container, min_sdk: int, target_sdk: int, idsig: bytes = b"") -> None:
        """Verify the signing block. `min_sdk`, `target_sdk`: what the manifest says, 1 where it says nothing."""
        self._min_sdk, self._target_sdk = max(min_sdk, _OLDEST), target_sdk
        self._broken = ""
        self._blocks: dict[Scheme, Checked] = {}
        block: SigningBlock | None = None
        try:
            block = signing_block.find(container.data, container.directory)
        except UnreadableError as error:
            self._broken = str(error)
        at = block.at if block else container.directory.offset
        self._content = ContentDigests(container.data, container.directory, at)
        schemes: tuple[tuple[Scheme, int], ...] = (("v2", V2), ("v3", V3), ("v3.1", V31))
        for scheme, number in schemes:
            if block and number in block.values:
                checked = check_block(scheme, block.values[number], self._content, self._min_sdk)
                self._blocks[scheme] = checked
        self._v4 = check_v4(idsig, container.data, self._signed_digests()) if idsig else None
        needs_v1 = self._min_sdk < _SINCE_V2 or not self._blocks
        self.jar = JarCheck(container) if needs_v1 and is_signed(container) else None

    def _signed_digests(self) -> list[bytes]:
        return [
            digest
            for checked in self._blocks.values()
            for signer in checked.signers
            for digest in signer.digests.values()
        ]

    def done(self) -> Signatures:
        """Tell the result, after `jar` has seen the entries."""
        v1 = self.jar.done() if self.jar else None
        checks = [v1, *(checked.check for checked in self._blocks.values()), self._v4]
        schemes = [check for check in checks if check is not None]
        verdicts = [self._verdict(start, end, v1) for start, end in self._ranges()]
        return Signatures(schemes=schemes, verdicts=_joined(verdicts), signers=_signers(schemes))

    def _ranges(self) -> list[tuple[int, int | None]]:
        starts = {self._min_sdk, _SINCE_V2, _SINCE_V3, _TARGET_NEEDS_V2, _SINCE_V31}
        for scheme in ("v3", "v3.1"):
            checked = self._blocks.get(scheme)
            starts |= {signer.min_sdk for signer in checked.signers} if checked else set()
            starts |= {s.max_sdk + 1 for s in checked.signers if s.max_sdk < NO_END} if checked else set()
        ordered = sorted(start for start in starts if start >= self._min_sdk)
        ends: list[int | None] = [start - 1 for start in ordered[1:]]
        return list(zip(ordered, [*ends, None], strict=True))

    def _verdict(self, sdk: int, end: int | None, v1: SchemeCheck | None) -> Verdict:
        scheme, problems = self._judged(sdk, v1)
        return Verdict(min_sdk=sdk, max_sdk=end, scheme=scheme, problems=problems)

    def _judged(self, sdk: int, v1: SchemeCheck | None) -> tuple[Scheme | None, list[str]]:
        """Give the scheme that a version goes by, and why it refuses."""
        if sdk >= _SINCE_V2 and self._broken:
            return None, [self._broken]
        checked = self._newest(sdk)
        if checked is not None:
            return checked.check.scheme, [*checked.check.problems, *self._stripped(checked, sdk)]
        if v1 is None:
            return None, ["It is not signed by any scheme that this version of Android knows."]
        return "v1", [*v1.problems, *self._fallback(sdk)]

    def _newest(self, sdk: int) -> Checked | None:
        v31, v3 = self._blocks.get("v3.1"), self._blocks.get("v3")
        if sdk >= _SINCE_V31 and v31 is not None and (v31.check.problems or _speaks_for(v31, sdk)):
            return v31
        if sdk >= _SINCE_V3 and v3 is not None:
            return v3
        return self._blocks.get("v2") if sdk >= _SINCE_V2 else None

    def _stripped(self, checked: Checked, sdk: int) -> list[str]:
        """Problems of a signature that is fine by itself: it says that there was a newer one, or not for whom."""
        scheme = checked.check.scheme
        if scheme == "v2" and sdk >= _SINCE_V3 and checked.attribute(STRIPPING) == _V3_NUMBER:
            return ["The v3 signature that it had was removed."]
        if scheme == "v2" or checked.check.problems:
            return []
        rotated = checked.attribute(ROTATION_MIN_SDK)
        if (
            scheme == "v3"
            and rotated is not None
            and sdk >= max(rotated, _SINCE_V31)
            and "v3.1" not in self._blocks
        ):
            return ["The v3.1 signature that it had was removed."]
        return [] if _speaks_for(checked, sdk) else ["Its signature is not for this version of Android."]

    def _fallback(self, sdk: int) -> list[str]:
        """Problems of going by v1 where a newer scheme is known."""
        newer = self.jar.newer if self.jar else frozenset()
        since = {2: _SINCE_V2, _V3_NUMBER: _SINCE_V3}
        removed = [f"v{number}" for number in sorted(newer) if sdk >= since[number]]
        if removed:
            return [f"The {' and '.join(removed)} signature that it had was removed."]
        if sdk >= _TARGET_NEEDS_V2 and self._target_sdk >= _TARGET_NEEDS_V2:
            return ["It is made for Android 11 or later, which asks for a v2 signature or a newer one."]
        return []


def _speaks_for(checked: Checked, sdk: int) -> bool:
    return any(signer.min_sdk <= sdk <= signer.max_sdk for signer in checked.signers)


def _joined(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Join neighbours that say the same."""
    joined: list[Verdict] = []
    for verdict in verdicts:
        last = joined[-1] if joined else None
        if last and (last.scheme, last.problems) == (verdict.scheme, verdict.problems):
            joined[-1] = Verdict(
                min_sdk=last.min_sdk, max_sdk=verdict.max_sdk, scheme=last.scheme, problems=last.problems
            )
        else:
            joined.append(verdict)
    return joined


def _signers(schemes: Sequence[SchemeCheck]) -> list[Certificate]:
    newest = [check for check in reversed(schemes) if check.signers and check.scheme != "v4"]
    verified = [check for check in newest if check.verifies]
    chosen = next(iter(verified or newest), None)
    return chosen.signers if chosen else []
