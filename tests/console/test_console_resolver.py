"""A phone's address at the resolver on its page: shown once, its profile, and who may make one."""

import html
import plistlib
import re
from pathlib import Path

import pytest
from tests.support.console import Member, settings, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, World, begin, make_world

from vedette.devices import resolver, resolver_profile
from vedette.devices.models import Device, ResolverAddress
from vedette.devices.resolver import Address
from vedette.feeds import web_settings
from vedette.foundation import config, database


@pytest.fixture
def place(db: Database, scenes: Scenes, tmp_path: Path) -> object:
    assert db.name

    def build() -> tuple[World, Device, World]:
        world = begin()
        return world, world.activated()[0], make_world("Others")

    world, device, others = scenes.give("resolver's page", build)
    with settings(tmp_path):
        yield world, device, sign_in(world), sign_in(world, "restricted"), sign_in(others)


Place = tuple[World, Device, Member, Member, Member]


def test_an_address_is_shown_once_and_is_the_phones(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    world, device, full, restricted, stranger = place
    monkeypatch.setenv("VEDETTE_DOT_PORT", "853")
    monkeypatch.setenv("VEDETTE_DOT_NAME", "dns.vedette.test")
    config.current.cache_clear()
    page, path = f"/devices/{device.id}/", f"/devices/{device.id}/resolver"
    web_settings.change_settings(world.tenant_id, {"on": True, "pause_minutes": 60}, ADA)
    assert "This phone has no address at the resolver." in text(full.get(page))
    assert "ends at once" not in text(full.get(path))
    made = html.unescape(text(full.post(path)))
    (token,) = set(re.findall(r"/dns/([a-z2-7]{32})", made))
    # what fits the phone, an Android one
    assert f"{token}.dns.vedette.test" in made
    assert "profile.mobileconfig" not in made
    with database.tenant(world.tenant_id):
        assert bytes(ResolverAddress.objects.get().token_hash) == resolver.hashed(token)
    assert token not in text(full.get(page))
    assert "Never asked" in text(full.get(page))
    assert "ends at once" in text(full.get(path))
    # half an hour is among the choices, more than the organisation allows is not
    assert 'value="30"' in text(full.get(path + "/pause"))
    assert 'value="240"' not in text(full.get(path + "/pause"))
    full.post(path + "/pause", minutes="30")
    assert "Paused" in text(full.get(page))
    config.current.cache_clear()
    for act in ("", "/pause", "/resume", "/withdraw"):
        assert stranger.get(path + act).status_code == 404
        assert stranger.post(path + act, minutes="30").status_code == 404
    assert restricted.get(page).status_code == 200
    assert restricted.post("/policy/resolver/").status_code == 403
    full.post(path + "/withdraw")
    assert "This phone has no address at the resolver." in text(full.get(page))


def test_how_names_are_answered_is_the_organisations_choice(place: Place) -> None:
    world, _device, full, _restricted, stranger = place
    refused = full.post("/policy/resolver/", dot_name="not a name")
    assert refused.status_code == 422
    assert "like dns.example.com" in text(refused)
    full.post("/policy/resolver/", fail_closed="on", dot_name="dns.contoso.example")
    with database.tenant(world.tenant_id):
        row = resolver.settings()
        assert (row.sinkhole, row.fail_closed, row.dot_name) == (False, True, "dns.contoso.example")
    with database.tenant(stranger.world.tenant_id):
        assert resolver.settings().sinkhole


ADDRESS = Address("t" * 32, "https://vedette.example/dns/" + "t" * 32, "t" * 32 + ".dns.vedette.example")


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("doh", {"DNSProtocol": "HTTPS", "ServerURL": ADDRESS.https}),
        ("dot", {"DNSProtocol": "TLS", "ServerName": ADDRESS.host}),
    ],
)
def test_a_profile_is_what_apple_documents(way: resolver_profile.Way, said: dict[str, str]) -> None:
    first, again = (
        plistlib.loads(
            resolver_profile.profile(ADDRESS, way, organisation="Contoso", device="d", language="fr-CA")
        )
        for _ in range(2)
    )
    assert first == again, "installed again it replaces itself"
    assert first["PayloadType"] == "Configuration"
    assert "Contoso" in first["PayloadDescription"]
    (payload,) = first["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.dnsSettings.managed"
    assert payload["DNSSettings"] == said
    assert payload["PayloadUUID"] != first["PayloadUUID"]
    assert payload["PayloadIdentifier"].startswith(first["PayloadIdentifier"])


def test_there_is_no_profile_for_a_way_that_is_not_served() -> None:
    with pytest.raises(ValueError, match="not set up"):
        resolver_profile.profile(Address("t", "https://x/dns/t", ""), "dot", organisation="C", device="d")
