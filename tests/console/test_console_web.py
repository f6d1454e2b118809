"""Web protection in the console: settings, lists with their questions and their way back, an address to try."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.support.console import Member, settings, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, World, begin, make_world

from vedette.compliance import web_encounters
from vedette.compliance.web_encounters import Encounter
from vedette.detection.web import judge_host
from vedette.devices.models import Device
from vedette.feeds import web_lists, web_settings
from vedette.feeds.models import WebName
from vedette.foundation import clock, database

Place = tuple[World, Device, Member, Member, Member]
LISTS = "/policy/web/lists"


@pytest.fixture
def place(db: Database, scenes: Scenes, tmp_path: Path) -> Iterator[Place]:
    assert db.name

    def build() -> tuple[World, Device, World]:
        world = begin()
        return world, world.activated()[0], make_world("Others")

    world, device, others = scenes.give("web protection's page", build)
    with settings(tmp_path):
        yield world, device, sign_in(world), sign_in(world, "restricted"), sign_in(others)
    web_lists.forget(world.tenant_id)


def shown(member: Member, path: str, **query: str) -> str:
    return html.unescape(text(member.get(path, **query)))


def names(world: World) -> set[tuple[str, str, str]]:
    with database.tenant(world.tenant_id):
        return set(WebName.objects.values_list("on_list", "name", "category"))


def test_names_are_counted_asked_for_listed_and_taken_back(place: Place) -> None:
    world, _device, full, restricted, stranger = place
    web_settings.change_settings(world.tenant_id, {"own_domains": ["contoso.com"]}, ADA)
    upload = SimpleUploadedFile(
        "n.csv", b"domain,why\nbad2.example,x\nhttps://bad.example/page,y\n0.0.0.0 bad3.example\n"
    )
    given = {
        "on_list": "deny",
        "names": "hxxps://Evil[.]example\nContoso.com\nco.uk",
        "note": "a wave",
        "file": upload,
    }
    asked = html.unescape(full.client.post(LISTS + "/add", given).content.decode())
    assert "Put 4 names on the list?" in asked
    assert "Phones need these to work or to sign in" in asked
    assert "contoso.com" in asked
    assert "a list holds whole hosts" in asked
    assert "every site under this ending would be meant" in asked
    assert names(world) == set(), "nothing before the answer"

    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked, re.DOTALL))
    assert restricted.post(LISTS + "/add", **hidden).status_code == 403
    done = full.post(LISTS + "/add", **hidden)
    assert done.status_code == 302
    assert {name for _list, name, _category in names(world)} == {
        "evil.example", "contoso.com", "bad2.example", "bad3.example",
    }  # fmt: skip
    page = shown(full, LISTS)
    assert "4 names are on the list." in page
    assert "evil.example" in page
    assert "evil.example" in shown(restricted, LISTS)
    assert "Add names" not in shown(restricted, LISTS)
    assert "bad3.example" not in shown(stranger, LISTS)

    back = re.search(r"/policy/web/lists/[0-9a-f-]+/take-back", page)
    assert back
    assert "4" in shown(full, back[0])
    assert stranger.post(back[0]).status_code == 302
    assert len(names(world)) == 4, "a stranger takes nothing back"
    full.post(back[0])
    assert names(world) == set()


def test_what_cannot_be_listed_is_told(place: Place) -> None:
    _world, _device, full, _restricted, _stranger = place
    for given, why in (
        ({"on_list": "deny", "names": ""}, "There is no name in it."),
        ({"on_list": "category", "names": "a.example"}, "Choose a category for a list by category"),
        ({"on_list": "deny", "names": "a.example", "category": "gambling"}, "and for no other"),
        ({"on_list": "deny", "names": "javascript:x"}, "addresses of this kind lead to no host"),
    ):
        answer = full.post(LISTS + "/add", **given)
        assert answer.status_code == 422
        assert why in html.unescape(text(answer))
    binary = full.client.post(
        LISTS + "/add", {"on_list": "deny", "file": SimpleUploadedFile("x", b"\xff\xfe\x00")}
    )
    assert "no text in UTF-8" in text(binary)


def test_settings_are_checked_asked_for_and_counted(place: Place) -> None:
    world, _device, full, restricted, stranger = place
    path = "/policy/web/settings"
    given = {
        "on": "on", "own_domains": "contoso.com, Bücher.example", "own_brands": "fabrikam", "open_hours": "2",
        "pause_minutes": "30", "upstream": "tls://dns.example", "blocked_categories": ["gambling"],
    }  # fmt: skip
    assert restricted.post(path, **given).status_code == 403
    assert full.post(path, **given).status_code == 302
    row = web_settings.settings_of(world.tenant_id)
    assert (row.on, row.own_domains, row.open_hours) == (True, ["contoso.com", "xn--bcher-kva.example"], 2)
    assert web_settings.settings_of(stranger.world.tenant_id).own_domains == []
    assert "contoso.com" in shown(restricted, path)
    for wrong, why in (
        ({"upstream": "dns"}, "tls://dns.example"),
        ({"own_domains": "a b"}, "is no domain like example.com"),
        ({"own_brands": "a!"}, "is no name of 3 to 40 letters"),
        ({"open_hours": "1000"}, "168"),
    ):
        refused = full.post(path, **(given | wrong))
        assert refused.status_code == 422
        assert why in html.unescape(text(refused))
    off = {name: value for name, value in given.items() if name != "on"}
    assert "Switch web protection off?" in text(full.post(path, **off))
    assert web_settings.settings_of(world.tenant_id).on
    full.post(path, **off, confirmed="1")
    assert not web_settings.settings_of(world.tenant_id).on


def test_an_address_is_tried_and_encounters_are_shown(place: Place) -> None:
    world, device, full, restricted, stranger = place
    full.post(LISTS + "/add", on_list="deny", names="bad.example", confirmed="1")
    for member in (full, restricted):
        page = shown(member, "/policy/web/", address="https://login.bad.example/x")
        assert "login.bad.example is on your organisation's deny list (entry bad.example)." in page
    assert "Nothing is known against it" in shown(stranger, "/policy/web/", address="login.bad.example")
    signs = shown(full, "/policy/web/", address="paypal-login.example")
    assert "a known name beside a word that lures" in signs
    assert "Your settings let it through and tell you." in signs
    assert "Looks like" in signs

    verdict = judge_host("login.bad.example", web_lists.lists_of(world.tenant_id))
    web_encounters.record(
        world.tenant_id, [Encounter(device.id, "login.bad.example", verdict, clock.now(), "doh")]
    )
    page = shown(full, "/policy/web/")
    assert "login.bad.example" in page
    assert f"/devices/{device.id}/" in page
    threat = re.search(r"/threats/[0-9a-f-]{36}/", page)
    assert threat
    told = shown(full, threat[0])
    assert "Address on your organisation's block list" in told
    assert "Entry of the list" in told
    assert "login.bad.example" not in shown(stranger, "/policy/web/")
