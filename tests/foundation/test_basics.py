"""Identifiers, the clock, sealed secrets and codes, configuration."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from vedette.foundation import clock, config, secrets
from vedette.foundation.ids import new_id


def test_identifiers_rise_within_a_process_also_between_threads() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda _: [new_id() for _ in range(2000)], range(8)))
    assert len({identifier for each in many for identifier in each}) == 16_000
    assert all(each == sorted(each) for each in many)


def test_identifiers_are_uuid_version_7_and_hold_the_time() -> None:
    before = time.time_ns() // 1_000_000
    identifier = new_id()
    assert (identifier.version, identifier.variant) == (7, uuid.RFC_4122)
    # an identifier may run ahead of the clock by what was made within the same moment
    assert before - 1 <= identifier.int >> 80 <= time.time_ns() // 1_000_000 + 50


def test_the_clock_is_aware_and_follows_the_offset(move_clock: Callable[[float], None]) -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    move_clock(86_400)
    assert timedelta(hours=23) < clock.now() - datetime.now(UTC) < timedelta(hours=25)
    move_clock(0)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


@pytest.mark.usefixtures("move_clock")
def test_another_process_moves_this_clock() -> None:
    clock.now()
    (Path(os.environ["VEDETTE_HOME"]) / clock.FILE).write_text("3600")
    deadline = time.monotonic() + 5
    while clock.now() - datetime.now(UTC) < timedelta(minutes=59):
        assert time.monotonic() < deadline, "the moved clock was not noticed"
        time.sleep(0.01)


def test_without_the_demo_nobody_moves_the_clock(
    move_clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VEDETTE_DEMO")
    config.current.cache_clear()
    move_clock(86_400)
    try:
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    finally:
        monkeypatch.undo()
        config.current.cache_clear()


def test_a_broken_clock_file_is_named(move_clock: Callable[[float], None]) -> None:
    (Path(os.environ["VEDETTE_HOME"]) / clock.FILE).write_text("tomorrow")
    clock._offset.fresh_until = 0
    with pytest.raises(config.ConfigError, match="clock"):
        clock.now()
    move_clock(0)


@given(st.text(), st.text())
def test_what_is_sealed_opens_in_its_context_only(plain: str, context: str) -> None:
    sealed = secrets.seal(plain, context=context)
    assert secrets.open_sealed(sealed, context=context) == plain
    with pytest.raises(secrets.SealError):
        secrets.open_sealed(sealed, context=context + "x")


def test_sealing_hides_and_never_repeats() -> None:
    first, second = (secrets.seal("hunter2", context="c") for _ in range(2))
    assert first != second
    assert "hunter2" not in first


@pytest.mark.parametrize("broken", ["", "v1.", "v1.AAAA", "v2.AAAA", "hunter2", "v1.é", "v1." + "A" * 80])
def test_what_was_not_sealed_does_not_open(broken: str) -> None:
    with pytest.raises(secrets.SealError, match="secret key"):
        secrets.open_sealed(broken, context="c")


def test_a_changed_value_or_key_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = secrets.seal("hunter2", context="c")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(secrets.SealError):
        secrets.open_sealed(changed, context="c")
    monkeypatch.setattr(settings, "SECRET_KEY", "another key")
    with pytest.raises(secrets.SealError):
        secrets.open_sealed(sealed, context="c")


def test_codes_are_readable_and_rarely_the_same() -> None:
    codes = {secrets.one_time_code() for _ in range(2000)}
    assert len(codes) == 2000
    letters = {letter for code in codes for letter in code}
    assert letters == {*secrets.ALPHABET, "-"}
    assert not letters & set("01ILOU")
    assert all([len(group) for group in code.split("-")] == [4, 4, 4] for code in codes)
    assert len(secrets.one_time_code(groups=5)) == 24


@pytest.mark.parametrize(
    "typed", ["7KQF-9XPM-2WTD", "7kqf9xpm2wtd", " 7KQF 9XPM\t2WTD\n", "7kqf\u20139xpm\u20132wtd"]
)
def test_a_code_counts_however_it_is_typed(typed: str) -> None:
    assert secrets.hash_code(typed) == secrets.hash_code("7KQF-9XPM-2WTD")
    assert secrets.hash_code("7KQF-9XPM-2WTE") != secrets.hash_code("7KQF-9XPM-2WTD")


def test_defaults_of_the_configuration(tmp_path: Path) -> None:
    found = config.load({"VEDETTE_HOME": str(tmp_path)})
    assert found.public_url == "http://127.0.0.1:8080"
    assert found.graph_url == "https://graph.microsoft.com"
    assert [found.demo, found.allow_private_addresses, found.partner_simulation] == [False] * 3
    assert (found.smtp.host, found.smtp.port, found.smtp.tls) == ("127.0.0.1", 25, False)
    assert found.allowed_hosts == ("127.0.0.1", "127.0.0.1", "localhost")


def test_a_value_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("  from a file\n")
    assert config.load({"VEDETTE_CLIENT_SECRET_FILE": str(secret)}).client_secret == "from a file"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"VEDETTE_PORT": "http"}, "VEDETTE_PORT"),
        ({"VEDETTE_PORT": "70000"}, "VEDETTE_PORT"),
        ({"VEDETTE_PORT": "²"}, "VEDETTE_PORT"),
        ({"VEDETTE_DEMO": "maybe"}, "VEDETTE_DEMO"),
        ({"VEDETTE_GRAPH_URL": "graph.microsoft.com"}, "VEDETTE_GRAPH_URL"),
        ({"VEDETTE_SMTP_URL": "mail://x"}, "VEDETTE_SMTP_URL"),
        ({"VEDETTE_SMTP_URL": "smtp://x:port"}, "VEDETTE_SMTP_URL"),
        ({"VEDETTE_LOG_LEVEL": "loud"}, "DEBUG, ERROR"),
        ({"VEDETTE_CLIENT_SECRET_FILE": "/nowhere/at/all"}, "VEDETTE_CLIENT_SECRET_FILE"),
        ({"VEDETTE_CLIENT_SECRET": "a", "VEDETTE_CLIENT_SECRET_FILE": "/b"}, "both set"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(variables: dict[str, str], said: str) -> None:
    with pytest.raises(config.ConfigError, match=said):
        config.load(variables)


def test_no_secret_shows_in_the_text_of_the_configuration() -> None:
    found = config.load(
        {
            "DATABASE_URL": "postgresql://login:hush@db/vedette",
            "VEDETTE_MIGRATE_URL": "postgresql://owner:hush@db/vedette",
            "VEDETTE_CLIENT_KEY": "hush",
            "VEDETTE_CLIENT_SECRET": "hush",
            "VEDETTE_SECRET_KEY": "hush",
            "VEDETTE_SMTP_URL": "smtps://ada:hush@mail.example.org",
        }
    )
    assert "hush" not in repr(found)


def test_mail_addresses() -> None:
    found = config.load({"VEDETTE_SMTP_URL": "smtp+starttls://ada%40example.org:p%2Fw@mail.example.org"}).smtp
    assert (found.host, found.port, found.user, found.password) == (
        "mail.example.org",
        587,
        "ada@example.org",
        "p/w",
    )
    assert (found.tls, found.starttls) == (False, True)


def test_the_database_address_in_both_forms_and_without_leaking() -> None:
    wanted = {"NAME": "d", "USER": "u", "PASSWORD": "p/w", "HOST": "h", "PORT": "5433"}
    for address in ("postgresql://u:p%2Fw@h:5433/d", "host=h port=5433 user=u password=p/w dbname=d"):
        assert wanted.items() <= config.django_database(address).items()
    assert config.django_database("postgresql://h/d?sslmode=require")["OPTIONS"] == {"sslmode": "require"}
    with pytest.raises(config.ConfigError) as raised:
        config.django_database("postgresql://u:hunter2@h:5433/d?nonsense=1")
    assert "hunter2" not in str(raised.value)


def test_processes_that_start_together_agree_on_the_secret_key(tmp_path: Path) -> None:
    keys: list[str] = []
    ready = threading.Barrier(8)

    def start() -> None:
        ready.wait()
        keys.append(config.load({"VEDETTE_HOME": str(tmp_path / "home")}).secret_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert len(keys[0]) >= 50
    assert (tmp_path / "home/secret.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["secret.key"]
    assert config.load({"VEDETTE_HOME": str(tmp_path), "VEDETTE_SECRET_KEY": "given"}).secret_key == "given"
