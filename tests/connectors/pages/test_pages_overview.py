"""The overview of connectors, and the page of the partner adapter."""

import re

import pytest
from tests.connectors.pages.addresses import (
    ROOT,
)
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text

from vedette.connectors.partner import switch
from vedette.foundation import config, database


def test_the_overview_shows_each_connector_with_its_state(ready: Scene) -> None:
    page = text(sign_in(ready.world, "full").get(ROOT))
    for words in ("Microsoft Intune", "Enabled", "Last heartbeat", "Intune partner interface (simulation)"):
        assert words in page
    assert "has not reported for 30 days" in page


def test_incomplete_stands_beside_the_state_on_the_overview_too(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    assert "Incomplete" not in text(owner.get(ROOT))
    for switch_name in ("sync_device_status", "sync_threat_status"):
        ready.save(**{switch_name: False})
        page = text(owner.get(ROOT))
        assert re.search(r"Enabled</span>\s*<span[^>]*>[^E]*Incomplete", page), "a warning beside the state"
        assert "Device status and threat status are both needed" in page
        ready.save(**{switch_name: True})


def test_the_partner_adapter_is_turned_on_and_after_a_question_off(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    page = f"{ROOT}partner/"
    assert "A simulation" in text(owner.get(page))
    assert "The adapter is on" in text(owner.follow(f"{page}on"))
    ready.publish("partner")
    assert "Being worked on" in text(owner.get(page))
    assert "Turn the adapter off?" in text(owner.get(f"{page}off"))
    assert "The adapter is off" in text(owner.follow(f"{page}off"))
    with database.tenant(ready.tenant_id):
        assert not switch.link_of(ready.tenant_id).enabled


def test_a_refusal_of_microsofts_side_is_shown(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.fault("PUT /partner", status=403)
    assert "Microsoft&#x27;s side refused" in text(owner.follow(f"{ROOT}partner/on"))


def test_where_it_is_not_offered_there_is_no_partner_page(
    owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VEDETTE_PARTNER_SIMULATION")
    config.current.cache_clear()
    assert owner.get(f"{ROOT}partner/").status_code == 404
    assert owner.post(f"{ROOT}partner/on").status_code == 404
    assert "partner interface" not in text(owner.get(ROOT))
