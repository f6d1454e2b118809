"""The container as Android reads it, manifests that try to deceive, and what is hidden inside."""

import io
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.support.apks import Node, Signer, archive, binary_xml, dex, key, sample, sample_manifest, sign

from vedette_facts.apk import ApkFacts, ApkLimits, is_application, read_applications
from vedette_facts.apk.binary_xml import elements
from vedette_facts.apk.dex import class_names
from vedette_facts.apk.manifest import read_manifest
from vedette_facts.apk.read import read_data
from vedette_facts.apk.signing import der
from vedette_facts.limits import UnreadableError

MADE = Path(__file__).with_name("apks")
SPY = ("android.permission.READ_SMS", "android.permission.RECORD_AUDIO")


def read(content: bytes, **limits: int) -> ApkFacts:
    return read_data(memoryview(content), ApkLimits(**limits))


def test_what_an_inventory_has_is_read_from_the_file() -> None:
    app = read((MADE / "all.apk").read_bytes()).app
    assert app is not None
    assert (app.package, app.name, app.version, app.version_code) == (
        "org.example.sample",
        "Sample",
        "1.2",
        7,
    )
    manifest = app.manifest
    assert manifest is not None
    assert manifest.requested == ["android.permission.INTERNET", "android.permission.READ_SMS"]
    assert manifest.guards == ["android.permission.BIND_ACCESSIBILITY_SERVICE"]
    assert manifest.actions == ["android.intent.action.BOOT_COMPLETED"]
    assert (manifest.launcher, manifest.debuggable, manifest.cleartext) == (True, False, False)
    assert (manifest.min_sdk, manifest.target_sdk) == (21, 33)
    assert manifest.hosts == ["collector.example"]
    assert len(app.certificates) == 2


def test_an_icon_that_is_switched_off_is_no_icon() -> None:
    filters: list[Node] = [
        ("category", {"name": "android.intent.category.LAUNCHER"}, []),
        ("action", {"name": "android.intent.action.MAIN"}, []),
    ]

    def launcher(**more: object) -> bool | None:
        activity: Node = ("activity", {"name": ".M", **more}, [("intent-filter", {}, filters)])
        return read_manifest(sample_manifest(inside=[activity])).manifest.launcher

    assert launcher() is True
    assert launcher(enabled=False) is False
    assert read_manifest(sample_manifest(inside=[("service", {"name": ".S"}, [])])).manifest.launcher is False


def test_attributes_that_only_look_like_androids_deceive_nobody() -> None:
    content = binary_xml(
        ("manifest", {"package": "org.example"}, [("uses-permission", {"name": SPY[0]}, [])]), decoys=True
    )
    assert read_manifest(content).manifest.requested == [SPY[0]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "too short"),
        (b"<?xml version='1.0'?><manifest/>", "plain XML"),
        (bytes(100), "no table of strings"),
        (sample_manifest()[:300], "no table of strings"),
    ],
    ids=["empty", "plain", "zeros", "cut"],
)
def test_what_is_no_manifest_is_told(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        list(elements(content))


def test_a_chunk_of_an_unknown_type_is_passed_over() -> None:
    content = sample_manifest(permissions=SPY)
    junk = struct.pack("<HHL", 0x4242, 8, 24) + bytes(16)
    assert read_manifest(content[:8] + junk + content[8:]).manifest.requested == list(SPY)


def _change(name: bytes, at: int, value: bytes) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        start = content.rindex(name) - 46 + at
        return content[:start] + value + content[start + len(value) :]

    return changed


MANIFEST = b"AndroidManifest.xml"
TRICKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "false_encryption": (_change(MANIFEST, 8, b"\1\0"), "false_encryption"),
    "unknown_method": (_change(MANIFEST, 10, b"\x37\x13"), "unknown_method"),
    "names_differ": (lambda c: c.replace(MANIFEST, b"androidManifest.xml", 1), "names_differ"),
    "data_before": (lambda c: _moved(b"#!/bin/sh\n", c), "data_before"),
    "janus": (lambda c: _moved(dex("org/evil/Main"), c), "janus"),
}


def _moved(before: bytes, content: bytes) -> bytes:
    """Put bytes before the archive and mend its offsets."""
    out = bytearray(before + content)
    end = out.rindex(b"PK\5\6")
    directory = int.from_bytes(out[end + 16 : end + 20], "little") + len(before)
    out[end + 16 : end + 20] = directory.to_bytes(4, "little")
    at = directory
    while out[at : at + 4] == b"PK\1\2":
        offset = int.from_bytes(out[at + 42 : at + 46], "little") + len(before)
        out[at + 42 : at + 46] = offset.to_bytes(4, "little")
        name, extra, comment = struct.unpack_from("<HHH", out, at + 28)
        at += 46 + name + extra + comment
    return bytes(out)


@pytest.mark.parametrize("how", TRICKS)
def test_tricks_against_tools_are_seen_through_and_told(how: str) -> None:
    change, code = TRICKS[how]
    facts = read(change(sample()))
    assert facts.app is not None
    assert facts.app.package == "org.example.made"
    assert code in {oddity.code for oddity in facts.oddities}


def test_of_two_entries_with_one_name_both_are_told() -> None:
    out = io.BytesIO(sample())
    with zipfile.ZipFile(out, "a") as more, pytest.warns(UserWarning, match="Duplicate"):
        more.writestr("classes.dex", b"other")
    assert [(o.code, o.items) for o in read(out.getvalue()).oddities] == [
        ("duplicate_entry", ["classes.dex"])
    ]


def test_a_bomb_is_named_and_costs_nothing() -> None:
    facts = read(sample(assets__bomb=bytes(30_000_000)), unpacked=1_000_000, entry=1_000_000)
    assert not facts.unread  # nobody asked for its content
    signed = (MADE / "v1_only.apk").read_bytes()
    small = read(signed, unpacked=1_000)
    assert not small.signatures.verifies
    assert any("bytes" in part.why for part in small.unread)


def test_an_entry_that_says_less_than_it_holds_is_refused() -> None:
    facts = read(_change(b"classes.dex", 24, b"\4\0\0\0")(sample()))
    assert facts.unread[0].path == "classes.dex"
    assert "more than the directory says" in facts.unread[0].why


@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4nonsense", b"PK\5\6" + bytes(18) + b"x", bytes(5000)], ids=range(4)
)
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(content)


def test_programs_and_secrets_inside_are_found() -> None:
    noise = random.Random(3).randbytes(80_000)
    facts = read(
        sample(
            assets__update=sample(),
            assets__plugin=dex("org/other/Plugin"),
            res__raw__key=noise,
            assets__tool=b"\x7fELF" + bytes(60),
            assets__picture=b"\x89PNG" + noise,
            lib__arm64=b"\x7fELF" + bytes(60),
        )
    )
    assert {(part.path, part.kind, part.package) for part in facts.embedded} == {
        ("assets/update", "apk", "org.example.made"),
        ("assets/plugin", "dex", ""),
        ("assets/tool", "elf", ""),
    }
    assert [part.path for part in facts.opaque] == ["res/raw/key"]
    assert facts.libraries == ["lib/arm64"]
    assert "org.other.Plugin" in facts.classes


def test_hosts_in_code_are_read_and_broken_code_is_named() -> None:
    content = dex("org/a/B", texts=["https://one.example/x", "see http://two.example", "https://nodots/"])
    facts = read(
        archive(
            {"AndroidManifest.xml": sample_manifest(), "classes.dex": content, "classes2.dex": content[:112]}
        )
    )
    assert facts.app is not None
    assert facts.app.manifest is not None
    assert facts.app.manifest.hosts == ["one.example", "two.example"]
    assert [part.path for part in facts.unread] == ["classes2.dex"]


def test_a_bundle_is_read_part_by_part(tmp_path: Path) -> None:
    bundle = tmp_path / "app.xapk"
    split = archive(
        {
            "AndroidManifest.xml": binary_xml(
                ("manifest", {"package": "org.example", "split": "config.fr"}, [])
            )
        }
    )
    signed = sign(sample(), v2=[Signer(key())])
    bundle.write_bytes(
        archive({"base.apk": signed, "fr.apk": split, "bad.apk": b"nothing", "manifest.json": b"{}"})
    )
    assert is_application(bundle)
    parts, unread = read_applications(bundle)
    assert [part.split for part in parts] == ["", "config.fr"]
    assert parts[0].signatures.verifies
    assert [part.path for part in unread] == ["bad.apk"]


def test_only_what_holds_a_manifest_and_code_is_an_application(tmp_path: Path) -> None:
    named, other = tmp_path / "upload", tmp_path / "bugreport.zip"
    named.write_bytes(sample())
    other.write_bytes(archive({"bugreport.txt": b"x"}))
    assert is_application(named)
    assert not is_application(other)


def test_mutated_files_are_read_or_refused() -> None:
    """A fixed budget of broken files: whatever they hold, only UnreadableError comes out, and facts that are valid."""
    chance = random.Random(2026)
    seeds = [
        (MADE / "all.apk").read_bytes(),
        (MADE / "rotated.apk").read_bytes(),
        _unpacked(MADE / "two_signers.apk"),
    ]
    seeds.append(
        archive({"AndroidManifest.xml": sample_manifest(), "classes.dex": dex("org/a/B")}, packed=False)
    )
    for _ in range(400):
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 2, 5, 40))):
            at = chance.randrange(len(content) - 4)
            content[at : at + 4] = chance.choice(
                (b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", chance.randbytes(4))
            )
        del content[chance.randrange(len(content)) :: chance.choice((10**6, 10**6, 7))]
        try:
            facts = read(bytes(content))
        except UnreadableError:
            continue
        assert msgspec.json.decode(msgspec.json.encode(facts), type=ApkFacts) == facts


def _unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return archive({name: packed.read(name) for name in packed.namelist()}, packed=False)


def test_claims_of_hostile_tables_cost_no_more_than_what_is_looked_up() -> None:
    plain = dex("org/a/B")
    made = bytearray(plain)
    struct.pack_into("<L", made, 0x38, 1_000_000)  # strings it claims to hold
    claims = bytes(made) + bytes(4_000_000)
    tracemalloc.start()
    names = class_names(claims, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (names, peak < 5_000_000) == (["org.a.B"], True)
    (start,) = struct.unpack_from("<L", plain, 0x70)
    endless = plain[:start] + b"\x80" * 100 + plain[start:]
    assert class_names(endless, 10) != ["org.a.B"]  # a length has five bytes at most
    node: Node = ("a", {}, [])
    for _ in range(100):
        node = ("a", {}, [node])
    assert max(len(element.path) for element in elements(binary_xml(node))) < 100
    with pytest.raises(UnreadableError, match="too many values"):
        der.first(b"\x30\x80" + b"\x05\x00" * 20_000 + bytes(2))
