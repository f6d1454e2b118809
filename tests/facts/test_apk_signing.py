"""Signatures of applications: what verifies, for which Android versions, and why not."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.apks import Signer, key, lineage, sample, sample_manifest, sign, sign_v1

from vedette_facts.apk import ApkFacts
from vedette_facts.apk.read import read_data
from vedette_facts.limits import UnreadableError

MADE = Path(__file__).with_name("apks")
"""Signed by `apksigner` 31.0.2 with keys that were thrown away; `all`: v1 to v4, `rotated`: with a lineage."""
ROTATED, STRIPPING, ROTATION_MIN_SDK = 0x3BA06F8C, 0xBEEFF00D, 0x559F8B02
FIRST, SECOND = key(number=1), key(number=2)


def made(name: str) -> bytes:
    return (MADE / name).read_bytes()


def read(content: bytes, idsig: bytes = b"") -> ApkFacts:
    return read_data(memoryview(content), idsig=idsig)


def told(facts: ApkFacts) -> list[tuple[int, int | None, str | None, bool]]:
    return [(v.min_sdk, v.max_sdk, v.scheme, not v.problems) for v in facts.signatures.verdicts]


def problems(facts: ApkFacts) -> str:
    return " ".join(problem for verdict in facts.signatures.verdicts for problem in verdict.problems)


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("all.apk", [(21, 23, "v1", True), (24, 27, "v2", True), (28, None, "v3", True)]),
        ("rotated.apk", [(21, 23, "v1", True), (24, 27, "v2", True), (28, None, "v3", True)]),
        ("two_signers.apk", [(21, 23, "v1", True), (24, None, "v2", True)]),
        ("v1_only.apk", [(21, 29, "v1", True), (30, None, "v1", False)]),
    ],
    ids=["all", "rotated", "two_signers", "v1_only"],
)
def test_what_apksigner_signed_is_judged_per_android_version(
    name: str, verdicts: list[tuple[int, int | None, str, bool]]
) -> None:
    assert told(read(made(name))) == verdicts


def test_a_rotated_key_is_told_with_the_one_before_it() -> None:
    facts = read(made("rotated.apk"))
    assert [signer.subject for signer in facts.signatures.signers] == ["CN=Signer 2"]
    v3 = next(check for check in facts.signatures.schemes if check.scheme == "v3")
    assert [earlier.subject for earlier in v3.lineage] == ["CN=Signer 1"]


def test_a_v4_signature_is_held_against_the_file() -> None:
    idsig = made("all.apk.idsig")

    def problems_of(content: bytes, beside: bytes) -> list[str]:
        schemes = read(content, beside).signatures.schemes
        return next(check.problems for check in schemes if check.scheme == "v4")

    assert problems_of(made("all.apk"), idsig) == []
    assert problems_of(made("rotated.apk"), idsig)
    spoiled = bytearray(idsig)
    spoiled[40] ^= 1
    assert problems_of(made("all.apk"), bytes(spoiled))
    assert problems_of(made("all.apk"), idsig[:50])


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _block(content: bytes) -> tuple[int, int]:
    end = content.rindex(b"APK Sig Block 42") + 16
    return end - int.from_bytes(content[end - 24 : end - 16], "little") - 8, end


def _without_block(content: bytes) -> bytes:
    start, end = _block(content)
    rest = content[end:]
    at = rest.rindex(b"PK\5\6") + 16
    return content[:start] + rest[:at] + start.to_bytes(4, "little") + rest[at + 4 :]


def _rename(number: int) -> Callable[[bytes], bytes]:
    """Hide a block: its ID becomes one that nobody knows."""
    return lambda content: content.replace(number.to_bytes(4, "little"), b"\1\2\3\4")


def _in_directory(content: bytes) -> bytes:
    at = content.rindex(b"PK\1\2") + 38  # external attributes: nothing else depends on them
    return _flip(at)(content)


TAMPERED: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "content": ("all.apk", lambda c: _flip(c.index(b"classes.dex") + 60)(c), "changed afterwards"),
    "directory": ("all.apk", _in_directory, "changed afterwards"),
    "block_gone": ("all.apk", _without_block, "was removed"),
    "v3_gone": ("all.apk", _rename(0xF05368C0), "v3 signature that it had was removed"),
    "v2_and_v3_gone": (
        "all.apk",
        lambda c: _rename(0xF05368C0)(_rename(0x7109871A)(c)),
        "v2 and v3 signature that it had was removed",
    ),
    "signature": ("all.apk", lambda c: _flip(_block(c)[0] + 900)(c), ""),
    "other_v1_signer": (
        "two_signers.apk",
        lambda c: c.replace(b"META-INF/A.RSA", b"META-INF/X.RSA"),
        "no signature block",
    ),
    "block_size": ("all.apk", lambda c: _flip(_block(c)[0])(c), "sizes of the signing block differ"),
    "v1_manifest": ("v1_only.apk", lambda c: _flip(c.index(b"META-INF/MANIFEST.MF") + 30)(c), ""),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_changed_afterwards_does_not_verify(how: str) -> None:
    name, change, words = TAMPERED[how]
    facts = read(change(made(name)))
    assert not facts.signatures.verifies
    assert words in problems(facts)


def test_entries_that_not_all_v1_signers_vouch_for_do_not_verify() -> None:
    entries = {"AndroidManifest.xml": sample_manifest(min_sdk=21), "classes.dex": b"harmful"}
    claimed = {**entries, "classes.dex": b"harmless"}
    both = list(entries)
    assert told(read(sign_v1(entries, (FIRST, both), (SECOND, both), claimed=entries)))[0] == (
        21,
        29,
        "v1",
        True,
    )
    apart = sign_v1(entries, (FIRST, both[:1]), (SECOND, both[1:]), claimed=claimed)
    assert "added or changed" in problems(read(apart))
    assert not any(verdict[3] for verdict in told(read(apart)))


@pytest.mark.parametrize("cut", [1, 100, 3000])
def test_what_is_cut_off_is_no_archive(cut: int) -> None:
    with pytest.raises(UnreadableError):
        read(made("all.apk")[:-cut])


@pytest.mark.parametrize(
    "algorithm", [0x0101, 0x0102, 0x0103, 0x0104, 0x0201, 0x0202, 0x0301, 0x0421, 0x0423], ids=hex
)
def test_each_algorithm_verifies_and_notices_a_changed_byte(algorithm: int) -> None:
    signed = sign(sample(), v3=[Signer(key(algorithm))])
    newest = read(signed).signatures.verdicts[-1]
    assert (newest.scheme, newest.problems) == ("v3", [])
    changed = read(_flip(70)(signed)).signatures.verdicts[-1]
    assert "changed afterwards" in changed.problems[0]


WRONG: dict[str, tuple[Signer, str]] = {
    "digest": (Signer(FIRST, spoil_digest=True), "changed afterwards"),
    "key_of_another": (Signer(FIRST, public=SECOND.public), "does not verify"),
    "certificate_of_another": (
        Signer(FIRST, certificate=SECOND.certificate),
        "not that of the key that signed",
    ),
    "versions_beside": (Signer(FIRST, outer_min_sdk=29), "not those that were signed"),
    "forged_rotation": (
        Signer(SECOND, attributes={ROTATED: lineage(FIRST, SECOND, forged=True)}),
        "not vouched for",
    ),
    "rotation_to_another": (
        Signer(SECOND, attributes={ROTATED: lineage(SECOND, FIRST)}),
        "ends with another",
    ),
    "rotation_in_a_circle": (Signer(FIRST, attributes={ROTATED: lineage(FIRST, SECOND, FIRST)}), "circle"),
    "v3.1_gone": (
        Signer(FIRST, attributes={ROTATION_MIN_SDK: (33).to_bytes(4, "little")}),
        "v3.1 signature that",
    ),
    "for_no_version": (Signer(FIRST, min_sdk=30, max_sdk=29), "no Android version"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_v3_signer_that_lies_is_refused(how: str) -> None:
    signer, words = WRONG[how]
    facts = read(sign(sample(), v3=[signer]))
    assert not facts.signatures.verifies
    assert words in problems(facts)


def test_a_v2_signature_that_speaks_of_v3_needs_it() -> None:
    attributes = {STRIPPING: (3).to_bytes(4, "little")}
    alone = read(sign(sample(), v2=[Signer(FIRST, attributes=attributes)]))
    assert told(alone) == [(24, 27, "v2", True), (28, None, "v2", False)]
    both = read(sign(sample(), v2=[Signer(FIRST, attributes=attributes)], v3=[Signer(FIRST)]))
    assert both.signatures.verifies


def test_v31_speaks_for_new_versions_and_v3_for_those_before() -> None:
    old = Signer(FIRST, max_sdk=32)
    new = Signer(SECOND, min_sdk=33, attributes={ROTATED: lineage(FIRST, SECOND)})
    facts = read(sign(sample(), v2=[Signer(FIRST)], v3=[old], v31=[new]))
    assert told(facts) == [(24, 27, "v2", True), (28, 32, "v3", True), (33, None, "v3.1", True)]
    assert facts.signatures.signers[0].subject == "CN=Test signer 2"
    gone = read(sign(sample(), v2=[Signer(FIRST)], v3=[old]))
    assert told(gone)[-1] == (33, None, "v3", False)


def test_a_weaker_signature_beside_a_good_one_is_only_noted() -> None:
    signer = Signer(key(0x0104), more=[0x0103])
    content = bytearray(sign(sample(), v3=[signer]))
    # the weaker one is the last value before the public key: spoil its last byte
    at = bytes(content).rindex(key(0x0104).public) - 5
    content[at] ^= 1
    facts = read(bytes(content))
    check = facts.signatures.schemes[0]
    assert check.verifies
    assert "weaker signature" in check.notes[0]


def test_without_a_signature_no_version_installs_it() -> None:
    facts = read(sample())
    assert told(facts) == [(24, None, None, False)]
    assert not facts.signatures.schemes


JAR = Path("/usr/share/java/apksigner.jar")
ASK = """
import com.android.apksig.ApkVerifier; import java.io.File; import java.util.*;
public class Ask { public static void main(String[] a) throws Exception {
  File[] files = new File(a[0]).listFiles(); Arrays.sort(files);
  for (File f : files) { boolean ok;
    try { ok = new ApkVerifier.Builder(f).build().verify().isVerified(); } catch (Throwable t) { ok = false; }
    System.out.println("answer " + f.getName() + " " + ok); } } }
"""


def test_apksigner_says_the_same(tmp_path: Path) -> None:
    """Ask the reference implementation about all files above (Debian: package apksigner)."""
    files = {name: made(name) for name in ("all.apk", "rotated.apk", "two_signers.apk", "v1_only.apk")}
    files |= {f"{how}.apk": change(made(name)) for how, (name, change, _) in TAMPERED.items()}
    files |= {
        f"{how}.apk": sign(sample(), v3=[signer]) for how, (signer, _) in WRONG.items() if how != "v3.1_gone"
    }
    files |= {
        f"made{a:x}.apk": sign(sample(), v2=[Signer(key(a))], v3=[Signer(key(a))])
        for a in (0x103, 0x104, 0x202)
    }
    if not JAR.exists() or not shutil.which("java"):
        pytest.skip(f"apksigner is not installed: {len(files)} files were not compared with it")
    folder, source = tmp_path / "files", tmp_path / "Ask.java"
    folder.mkdir()
    source.write_text(ASK)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", str(JAR), str(source), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    answers = dict(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("answer "))
    if len(answers) != len(files):
        pytest.skip(f"apksigner did not run here: {done.stderr[:200]}")
    ours = {name: str(read(content).signatures.verifies).lower() for name, content in files.items()}
    assert ours == answers
