"""`vedette evaluate`: the format, the figures, the baseline and what is said of bad lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.support.apks import Signer, archive, dex, key, sample, sample_manifest, sign

from vedette.detection.evaluation import RecordError, baseline_predictions, read_line, tally, wilson
from vedette.project.evaluate import evaluate

P = "android.permission."
SPY = ["READ_SMS", "SEND_SMS", "READ_CALL_LOG", "RECORD_AUDIO", "READ_CONTACTS", "READ_PHONE_STATE"]


def harmful(n: int, **more: Any) -> dict[str, Any]:
    return {
        "label": "malicious",
        "family": f"family{n % 3}",
        "date": f"202{n % 2}-05-01",
        "app": {
            "package": f"org.bad.n{n}",
            "manifest": {"requested": [P + name for name in SPY], "launcher": False},
        },
        **more,
    }


def harmless(n: int) -> dict[str, Any]:
    return {
        "label": "benign",
        "package": f"org.good.n{n}",
        "permissions": ["INTERNET"],
        "source": "catalogue",
    }


def run(folder: Path, lines: list[dict[str, Any]], *options: str) -> Any:
    (folder / "set.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return CliRunner().invoke(evaluate, ["--data", str(folder), *options])


def test_figures_by_slice(tmp_path: Path) -> None:
    lines = [harmful(n) for n in range(6)] + [harmless(n) for n in range(10)]
    lines += [harmful(0), harmful(9, app={"package": "org.bad.quiet", "manifest": {}})]
    done = run(tmp_path, lines, "--json", "--baseline")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    every = found["slices"]["all"]
    assert (every["true_positive"], every["false_negative"]) == (6, 1), "the copy counts once"
    assert (every["false_positive"], every["true_negative"]) == (0, 10)
    assert every["recall"]["low"] < 6 / 7 < every["recall"]["high"]
    assert set(found["slices"]) >= {"family family0", "year 2020", "source catalogue"}
    assert [error["identity"] for error in found["errors"]] == ["org.bad.quiet@"]
    assert found["baseline"]["true_positive"] == 6


def test_words_and_bad_lines(tmp_path: Path) -> None:
    done = run(tmp_path, [harmless(1), {"label": "maybe"}, {"label": "benign"}], "--baseline")
    assert done.exit_code == 0
    assert "No baseline" in done.output
    assert "Not read: 2 lines" in done.output
    nothing = run(tmp_path, [{"label": "benign"}])
    assert nothing.exit_code == 2
    assert "`package` or `url` is needed" in nothing.output


def test_feeds_and_whole_phones(tmp_path: Path) -> None:
    feed = tmp_path / "feed.yaml"
    feed.write_text("- name: X\n  type: stalkerware\n  packages: [org.good.n1]\n")
    phone = {
        "label": "malicious",
        "id": "phone-1",
        "facts": {
            "device": {"platform": "ANDROID", "manufacturer": "", "model": "", "os_version": "15"},
            "agent": {"version": "1"},
            "apps": [{"package": "org.good.n1"}],
        },
    }
    done = run(tmp_path, [harmless(2), phone], "--feed", str(feed), "--json")
    assert json.loads(done.output)["slices"]["all"]["true_positive"] == 1


def test_acquisitions_are_read_and_judged(tmp_path: Path) -> None:
    feed = tmp_path / "feed.yaml"
    feed.write_text("- name: X\n  type: stalkerware\n  packages: [org.x.spy]\n")
    phone = {
        "device": {"platform": "ANDROID", "manufacturer": "", "model": "", "os_version": "15"},
        "agent": {"version": "1"},
        "apps": [{"package": "org.x.spy"}],
    }
    (tmp_path / "phone.json").write_text(json.dumps(phone))
    lines = [{"label": "malicious", "file": name} for name in ("phone.json", "../phone.json", "nothing.zip")]
    done = run(tmp_path, lines, "--feed", str(feed), "--json")
    found = json.loads(done.stdout)
    assert found["slices"]["all"]["true_positive"] == 1
    assert len(found["not_read"]) == 2


def test_files_of_applications_are_read_and_judged(tmp_path: Path) -> None:
    evil = sample_manifest(permissions=[P + name for name in (*SPY, "REQUEST_INSTALL_PACKAGES")])
    carrier = archive({"AndroidManifest.xml": evil, "classes.dex": dex("org/a/B"), "assets/x": sample()})
    (tmp_path / "bad.apk").write_bytes(sign(carrier, v2=[Signer(key())]))
    (tmp_path / "good.apk").write_bytes(sign(sample(), v2=[Signer(key())]))
    lines = [{"label": "malicious", "file": "bad.apk"}, {"label": "benign", "file": "good.apk"}]
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = CliRunner().invoke(evaluate, ["--data", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["not_read"] == []
    figures = told["slices"]["all"]
    assert (figures["true_positive"], figures["false_positive"], figures["true_negative"]) == (1, 0, 1)


def test_a_store_is_assumed_where_told(tmp_path: Path) -> None:
    line = {"label": "benign", "package": "org.good.x", "permissions": [*SPY, "WRITE_SMS", "CALL_PHONE"]}
    for installer, wrong in (("com.android.vending", 0), ("com.android.chrome", 1)):
        found = json.loads(run(tmp_path, [line], "--json", "--installer", installer).output)
        assert found["slices"]["all"]["false_positive"] == wrong


def test_wilson_intervals() -> None:
    none, all_, half = wilson(0, 100), wilson(100, 100), wilson(5, 10)
    assert (none.low, round(none.high or 0, 3)) == (0.0, 0.037)
    assert (round(all_.low or 0, 3), all_.high) == (0.963, 1.0)
    assert (round(half.low or 0, 3), round(half.high or 0, 3)) == (0.237, 0.763)
    assert wilson(0, 0).share is None


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_share_lies_in_its_interval(hits: int, more: int) -> None:
    found = wilson(hits, hits + more)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= hits / (hits + more) <= found.high <= 1


def test_the_baseline_sees_no_family_twice() -> None:
    records = [
        read_line(json.dumps(line).encode()) for line in [*map(harmful, range(9)), *map(harmless, range(20))]
    ]
    guesses = baseline_predictions(records)
    assert guesses is not None
    counts = tally((r.label == "malicious", guess) for r, guess in zip(records, guesses, strict=True))
    assert counts.recall.share == 1
    assert counts.false_positive_rate.share == 0
    assert baseline_predictions(records[:9]) is None


@given(st.binary(max_size=200) | st.dictionaries(st.text(), st.text()).map(lambda d: json.dumps(d).encode()))
def test_any_line_is_read_or_refused_with_words(line: bytes) -> None:
    with pytest.raises(RecordError, match=r".+"):
        read_line(line)


def test_links_are_judged_by_slice_and_only_once_for_each_registered_name(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {
            "label": "malicious",
            "url": "https://paypal-login.example.com/x",
            "date": "2026-03-04",
            "family": "a",
        },
        {"label": "malicious", "url": "http://paypal-verify.example.com/y", "date": "2026-04-04"},
        {"label": "malicious", "url": "metamask-restore.pages.dev", "date": "2026-05-01"},
        {"label": "malicious", "url": "quiet.example.org", "date": "2026-05-02"},
        {"label": "benign", "url": "https://www.paypal.com/signin", "date": "2026-05-02", "source": "hand"},
        {"label": "benign", "url": "example.net"},
        {"label": "benign", "url": 7},
    ]
    done = run(tmp_path, lines, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    every = found["slices"]["all"]
    assert (every["true_positive"], every["false_negative"], every["false_positive"]) == (2, 1, 0)
    assert set(found["slices"]) >= {
        "scheme https", "scheme none", "path with", "path without", "host shared", "host own name", "month 2026-03",
        "family a", "source hand",
    }  # fmt: skip
    assert found["not_read"] == ["set.jsonl, line 7: `url` must be a link or a host name"]
    assert found["errors"] == [
        {"identity": "example.org", "label": "malicious", "reported": False,
         "classification": "", "rule": "", "summary": ""},
    ]  # fmt: skip

    later = json.loads(run(tmp_path, lines, "--json", "--since", "2026-05", "--only-blocked").output)
    assert later["slices"]["all"]["false_negative"] == 2, "only the later, and only the blocked"
    own = json.loads(run(tmp_path, lines, "--json", "--own", "quietly.example").output)
    assert own["slices"]["all"]["true_positive"] == 2
    assert run(tmp_path, lines, "--own", "a b").exit_code == 2
