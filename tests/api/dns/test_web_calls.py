"""What an app asks about the web, with the reference agent as the app."""

import datetime as dt
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner
from tests.api.dns.conftest import ALLOWED, BAD, CATEGORY, Asker
from tests.support.world import ADA

from vedette.api.dns.listed import HashTable
from vedette.compliance import lifecycle
from vedette.devices import resolver
from vedette.devices.models import Device
from vedette.feeds import store, web_settings
from vedette.foundation import database
from vedette_agent.cli import main
from vedette_agent.store import FileStore
from vedette_agent.transport import Refused
from vedette_facts import jose
from vedette_facts import web_protocol as p

FEED = "https://pages.example/steal/login?x=1\nhttp://192.0.2.66:8080/\nlisted.example\n"


def test_a_link_stays_on_the_phone_unless_it_is_listed(asker: Asker) -> None:
    store.import_document("links", FEED.encode(), untyped="PHISHING_CONTENT")
    clean = asker.ask(lambda client: client.check_link("https://www.clean.example/private?token=1"))
    assert (clean.answer.outcome, clean.told) == ("clean", False)
    assert all(len(prefix) == p.PREFIX_DIGITS for prefix in clean.asked)
    for link in (
        f"https://login.{BAD}/x",
        "https://PAGES.example/steal/login/?y=2#z",
        "http://192.0.2.66/",
        "sub.listed.example",
    ):
        found = asker.ask(lambda client, link=link: client.check_link(link))  # type: ignore[misc] # bound at once
        assert found.told, link
    # the feed's page with another query, and its host without the port, are told and judged clean
    blocked = asker.ask(lambda client: client.check_link(f"https://login.{BAD}/x"))
    (item,) = blocked.answer.links
    assert (item.outcome, item.stopped, item.classification) == ("blocked", True, "DENYLISTED_CONTENT")
    assert item.title
    assert item.why
    # an allowed name below a listed one is found by its parent, and the verdict says so
    assert asker.ask(lambda client: client.check_link(ALLOWED)).answer.outcome == "allowed"
    # a category that is not blocked is not listed
    assert not asker.ask(lambda client: client.check_link(CATEGORY)).told
    assert {row.subject for row in asker.met()} == {f"login.{BAD}", "sub.listed.example"}


def test_texts_and_codes_are_judged_link_by_link(asker: Asker) -> None:
    text = f"Hello, your parcel: hxxps://login[.]{BAD}/pay or https://www.clean.example."
    answer = asker.ask(lambda client: client.check("text", text))
    assert [link.outcome for link in answer.links] == ["blocked", "clean"]
    assert answer.outcome == "blocked"
    assert asker.ask(lambda client: client.check("qr", f"HTTPS://{BAD.upper()}/q")).outcome == "blocked"
    assert asker.ask(lambda client: client.check("qr", "WIFI:S:cafe;T:WPA;P:secret;;")).links == []
    assert {row.way for row in asker.met()} <= {"text", "qr"}


def test_a_phone_makes_its_address_and_pauses_as_far_as_it_may(asker: Asker) -> None:
    made = asker.ask(lambda client: client.resolver("make"))
    assert made.on
    assert made.https.startswith("http")
    assert made.profile == made.https + resolver.PROFILE
    shown = asker.ask(lambda client: client.resolver("show"))
    assert (shown.https, shown.made_at) == ("", made.made_at)
    paused = asker.ask(lambda client: client.resolver("pause", 15))
    assert paused.paused_until
    assert asker.ask(lambda client: client.resolver("resume")).paused_until is None
    web_settings.change_settings(asker.world.tenant_id, {"pause_minutes": 0}, ADA)
    with pytest.raises(Refused, match="does not allow") as refused:
        asker.ask(lambda client: client.resolver("pause", 15))
    assert refused.value.code == "way_not_allowed"


def test_the_agents_commands_say_what_left_the_phone(asker: Asker, tmp_path: Path) -> None:
    FileStore(tmp_path).activate(asker.identity())

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--home", str(tmp_path), *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    code, said = run("check-link", "https://www.clean.example/private")
    assert code == 0
    assert "stayed on this phone" in said
    code, said = run("check-link", f"https://{BAD}/x")
    assert code == 1
    assert "DANGEROUS" in said
    assert run("check-link", "--text", f"see https://{BAD} and more")[0] == 1
    assert "no link" in run("check-link", "--qr", "hello")[1]
    assert run("check-link", "https://")[0] == 2
    assert run("check-link")[0] == 2
    code, said = run("resolver", "make")
    assert code == 0
    assert "profile.mobileconfig" in said
    assert "Paused until" in run("resolver", "pause", "--minutes", "5")[1]


def send(asker: Asker, **changes: object) -> httpx.Response:
    given = {
        "device_id": str(asker.device.id),
        "audience": asker.serving.url,
        "sent_at": dt.datetime.now(dt.UTC),
        "prefixes": ["0000"],
    }
    typ = changes.pop("typ", p.LISTED_TYP)
    message = p.ListedRequest(**(given | changes))  # type: ignore[arg-type] # tests send what they like
    return httpx.post(
        asker.serving.url + p.LISTED_PATH,
        content=jose.sign(message, asker.key, str(typ)),
        headers={"content-type": "application/jose"},
        verify=False,  # noqa: S501 - plain HTTP
    )


def test_what_is_not_signed_by_this_phone_now_is_refused(asker: Asker) -> None:
    assert send(asker).json() == {"hashes": {"0000": []}, "valid_seconds": 300}
    assert send(asker, device_id=str(uuid4())).json()["error"] == "unknown_key"
    assert send(asker, audience="https://elsewhere.example").json()["error"] == "wrong_audience"
    old = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    assert send(asker, sent_at=old).json()["error"] == "stale_request"
    assert send(asker, typ=p.CHECK_TYP).status_code in {400, 401}
    assert send(asker, prefixes=["xyz"]).json()["error"] == "malformed"
    assert send(asker, prefixes=["0000"] * 33).json()["error"] == "malformed"
    with httpx.Client(verify=False) as client:  # noqa: S501 - plain HTTP
        assert client.get(asker.serving.url + p.LISTED_PATH).status_code == 405
        assert client.post(asker.serving.url + p.CHECK_PATH, content=b"{}").status_code == 415
    with database.writer(asker.world.tenant_id):
        lifecycle.deactivate(Device.objects.get(pk=asker.device.pk), "administrator", ADA)
    assert send(asker).json()["error"] == "retired_identity"


def test_the_table_of_hashes_finds_each_by_its_prefix() -> None:
    hashes = sorted(bytes.fromhex(p.hash_of(f"n{number}.example")) for number in range(5000))
    table = HashTable(iter(hashes))
    assert len(table) == 5000
    for digest in hashes[::50]:
        assert digest.hex() in table.beginning(digest.hex()[:4])
    assert sum(len(table.beginning(f"{number:04x}")) for number in range(65536)) == 5000
    assert HashTable(iter(())).beginning("ffff") == []
