import datetime as dt
import stat
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.device_service import facts

from vedette_agent.identity import Identity, PrivateKey
from vedette_agent.queue import Entry, FileQueue, MemoryQueue, Queue, surplus, write_durably
from vedette_agent.store import FileStore, State, StoreError
from vedette_facts.canonical import digest_of
from vedette_facts.report import canonical

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def entry(sequence: int, digest: str = "a") -> Entry:
    return Entry(
        key_id="k", sequence=sequence, observed_at=T0 + dt.timedelta(minutes=sequence), digest=digest
    )


@pytest.fixture(params=["memory", "files"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Queue:
    return MemoryQueue() if request.param == "memory" else FileQueue(tmp_path / "queue")


def test_order_is_that_of_the_numbers(queue: Queue) -> None:
    for number in (10, 9, 100):
        queue.add(entry(number), b"{}")
    assert [found.sequence for found in queue.entries()] == [9, 10, 100]
    assert queue.entries()[0].observed_at == T0 + dt.timedelta(minutes=9)


def test_facts_are_kept_as_long_as_a_report_refers_to_them(queue: Queue) -> None:
    text = canonical(facts())
    digest = digest_of(text)
    queue.add(entry(1, digest), text)
    queue.add(entry(2, digest), text)
    queue.remove(entry(1, digest))
    assert queue.facts(digest) == text
    queue.remove(entry(2, digest))
    with pytest.raises((KeyError, OSError)):
        queue.facts(digest)


def test_damaged_and_half_written_files_do_not_stop_the_rest(tmp_path: Path) -> None:
    queue = FileQueue(tmp_path)
    queue.add(entry(1), b"{}")
    queue.add(entry(3, "b"), b"{}")
    (tmp_path / "0000000000000002-a.json").write_bytes(b'{"key_id":')
    (tmp_path / ".0000000000000004-a.json.partial").write_bytes(b'{"key_id":')
    (tmp_path / "facts" / "b.json").unlink()
    assert [found.sequence for found in queue.entries()] == [1]
    assert len(list((tmp_path / "refused").iterdir())) == 2
    assert [found.sequence for found in FileQueue(tmp_path).entries()] == [1]


def test_a_refused_report_is_kept_aside_with_its_facts(tmp_path: Path) -> None:
    queue = FileQueue(tmp_path)
    queue.add(entry(1), b'{"x":1}')
    queue.set_aside(entry(1))
    assert queue.entries() == []
    assert {path.name for path in (tmp_path / "refused").iterdir()} == {
        "0000000000000001-a.json",
        "0000000000000001.facts.json",
    }
    assert not list((tmp_path / "facts").iterdir())


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 8))
def test_the_bound_drops_repeats_first_and_never_the_newest(digests: list[str], limit: int) -> None:
    entries = [entry(number, digest) for number, digest in enumerate(digests, 1)]
    dropped = surplus(entries, limit)
    kept = [one for one in entries if one not in dropped]
    assert len(kept) == min(len(entries), limit)
    assert not entries or entries[-1] in kept
    repeats = [now for before, now in pairwise(entries[:-1]) if now.digest == before.digest]
    if any(one not in repeats for one in dropped):
        assert all(one in dropped for one in repeats)


def test_files_are_private(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "home")
    with store.locked():
        private = PrivateKey.make()
        store.activate(
            Identity(
                server="https://x",
                private_key=private,
                device_id="d",
                key_id=private.key_id,
                binding="code",
                enrolled_at=T0,
            )
        )
        store.queue.add(entry(1), b"{}")
    modes = {
        path.relative_to(store.home).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in store.home.rglob("*")
        if path.is_file()
    }
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(store.home.stat().st_mode) == 0o700


def test_a_write_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")
    (tmp_path / ".file.partial").write_bytes(b"left over by a crash")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_state_of_another_key_is_void(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.keep_state(State(key_id="another", sequence=9))
    assert store.state().sequence == 0


def test_an_unreadable_identity_is_said_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_bytes(b"{")
    with pytest.raises(StoreError, match=r"identity\.json"):
        FileStore(tmp_path).identity()
    assert (tmp_path / "identity.json").read_bytes() == b"{"


def test_entries_read_back_as_they_were(tmp_path: Path) -> None:
    queue = FileQueue(tmp_path)
    queue.add(msgspec.structs.replace(entry(7), whole=True), b"{}")
    assert queue.entries() == [msgspec.structs.replace(entry(7), whole=True)]
