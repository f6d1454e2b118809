"""The pages of deliveries: making, trying, changing and deleting a destination; who may; what is never shown."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from tests.connectors.deliveries.desk import Desk
from tests.support.console import Member, audit, settings, sign_in, text
from tests.support.http_server import Answer, serving

from vedette.connectors import destination_acts
from vedette.connectors.destination_kinds import KINDS
from vedette.connectors.destination_models import Destination
from vedette.connectors.destination_secrets import opened
from vedette.connectors.webhook import kind as webhook
from vedette.foundation import database

SECRET_URL = "http://127.0.0.1:9/hook/very-secret-path"
WEBHOOK = {
    "name": "SOC",
    "types": ["THREAT"],
    "level": "0",
    "template": "json",
    "url": SECRET_URL,
    "language": "en",
}
FORMS: dict[str, dict[str, Any]] = {
    "webhook": WEBHOOK,
    "syslog": {"protocol": "tls", "host": "siem.example.com", "port": "6514", "body": "cef", "facility": "local0"},
    "splunk": {"url": "https://splunk.example.com:8088", "token": "s3cret-token"},
    "elastic": {
        "url": "https://elastic.example.com", "api_key": "s3cret-key", "data_stream": "logs-vedette.events-default",
    },
    "sentinel": {
        "endpoint": "https://x.ingest.monitor.azure.com", "rule": "dcr-0123456789abcdef", "stream": "Custom-Vedette_CL",
        "tenant": str(uuid.UUID(int=1)), "client_id": str(uuid.UUID(int=2)), "client_secret": "s3cret",
        "cloud": "public",
    },
}  # fmt: skip
PAGE = reverse("deliveries:page")


@pytest.fixture(autouse=True)
def pages(tmp_path: Path) -> Iterator[None]:
    with settings(tmp_path):
        yield


@pytest.fixture
def owner(desk: Desk) -> Member:
    return sign_in(desk.world, "full", "ada")


def only(desk: Desk) -> Destination:
    with database.tenant(desk.tenant_id):
        return Destination.objects.get()


def at(row: Destination, name: str = "destination", *more: object) -> str:
    return reverse(f"deliveries:{name}", args=[row.pk, *more])


@pytest.mark.parametrize("kind", FORMS)
def test_each_kind_is_made_shown_and_changed(desk: Desk, owner: Member, kind: str) -> None:
    assert owner.get(reverse("deliveries:new", args=[kind])).status_code == 200
    form = FORMS[kind] | {"name": "SOC", "types": ["THREAT", "DEVICE"], "level": "3"}
    answer = owner.follow(reverse("deliveries:new", args=[kind]), **form)
    row = only(desk)
    assert (row.kind, row.name, row.position) == (kind, "SOC", desk.head() - 1)
    listed, page = text(owner.get(PAGE)), text(owner.get(at(row)))
    assert "SOC" in listed
    assert ("Events travel unencrypted" in page) is (kind == "webhook")
    edit = text(owner.get(at(row, "edit")))
    secrets = [value for name, value in form.items() if name in {"url", "token", "api_key", "client_secret"}]
    for value in [item for item in secrets if item != row.settings.get("url")]:
        assert value not in listed + page + edit + (text(answer) if kind != "webhook" else "")
    # secrets that are left empty stay
    kept = opened(row)
    blank = form | {name: "" for name in kept if name in form} | {"name": "SOC 2", "level": "0"}
    assert owner.post(at(row, "edit"), **blank).status_code == 302
    changed = only(desk)
    assert (changed.name, changed.level) == ("SOC 2", 0)
    assert opened(changed) == kept
    (event,) = audit(desk.world, "destination.changed")
    assert {item["attribute"] for item in event.changes} >= {"name", "level"}
    assert not any(str(value) in str(event.changes) for value in kept.values())


@pytest.mark.parametrize(
    ("kind", "wrong", "words"),
    [
        ("webhook", {"url": "ftp://x.example"}, "begins with https://"),
        ("webhook", {"url": "https://x example/"}, "begins with https://"),
        ("webhook", {"url": ""}, "required"),
        ("webhook", {"signing": "whsec_short"}, "no signing secret"),
        ("webhook", {"types": []}, "at least one kind"),
        ("webhook", {"name": ""}, "required"),
        ("syslog", {"host": "tcp://siem"}, "name alone"),
        ("syslog", {"port": "70000"}, "65535"),
        ("syslog", {"authorities": "not a certificate"}, "no certificate in PEM"),
        ("syslog", {"client_key": "-----BEGIN PRIVATE KEY-----"}, "Enter the certificate of this key"),
        ("syslog", {"authorities": "é"}, "no certificate in PEM"),
        ("splunk", {"token": ""}, "required"),
        ("splunk", {"token": "clé"}, "without accents"),
        ("splunk", {"token": "one\r\nX-Two: 2"}, "without accents"),
        ("elastic", {"url": "https://ada:s3cret@elastic.example.com"}, "Leave user name and password out"),
        ("elastic", {"data_stream": "Logs Vedette"}, "no data stream of this name"),
        ("sentinel", {"rule": "my rule"}, "begins with dcr-"),
        ("sentinel", {"tenant": "contoso.com"}, "Enter an ID"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_words(
    desk: Desk, owner: Member, kind: str, wrong: dict[str, Any], words: str
) -> None:
    form = {"name": "SOC", "types": ["THREAT"], "level": "0"} | FORMS[kind] | wrong
    answer = owner.post(reverse("deliveries:new", args=[kind]), **form)
    assert answer.status_code == 422
    assert words in text(answer)
    with database.tenant(desk.tenant_id):
        assert not Destination.objects.exists()


@pytest.mark.parametrize(
    ("kind", "secrets", "other"),
    [
        ("splunk", {}, {"url": "https://elsewhere.example:8088"}),
        ("elastic", {}, {"url": "http://elastic.example.com"}),
        ("webhook", {"authorization": "Bearer s3cret"}, {"url": "https://elsewhere.example/hook"}),
    ],
)
def test_a_stored_secret_is_not_sent_to_another_place_unasked(
    desk: Desk, owner: Member, kind: str, secrets: dict[str, str], other: dict[str, str]
) -> None:
    """Who may change the address could else read what is never shown again."""
    form = {"name": "SOC", "types": ["THREAT"], "level": "0"} | FORMS[kind] | secrets
    assert owner.post(reverse("deliveries:new", args=[kind]), **form).status_code in {200, 302}
    row = only(desk)
    before = opened(row)
    blank = form | {name: "" for name in before if name in form}
    refused = owner.post(at(row, "edit"), **blank | other)
    assert refused.status_code == 422
    assert "The address is another one" in text(refused)
    assert opened(only(desk)) == before
    entered = {"token": "new", "api_key": "new", "authorization": "new"}
    again = {name: value for name, value in entered.items() if name in before}
    assert owner.post(at(row, "edit"), **blank | other | again).status_code in {200, 302}
    assert {name: opened(only(desk))[name] for name in again} == again


def test_the_signing_secret_is_shown_once_and_replaced_with_a_day_of_both(desk: Desk, owner: Member) -> None:
    made = text(owner.post(reverse("deliveries:new", args=["webhook"]), **WEBHOOK))
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", made)
    assert found
    row = only(desk)
    assert opened(row)["signing"] == found[0]
    assert found[0] not in text(owner.get(at(row)))
    assert "24 hours" in text(owner.get(at(row, "secret")))
    shown = text(owner.post(at(row, "secret")))
    secrets = opened(only(desk))
    assert secrets["signing"] in shown.replace("&#x3D;", "=")
    assert (secrets["signing"], secrets["previous_signing"]) == (secrets["signing"], found[0])
    assert len(webhook.keys(secrets)) == 2
    assert len(webhook.keys(secrets | {"previous_until": "2020-01-01T00:00:00+00:00"})) == 1


def test_a_card_that_becomes_json_gets_a_secret_to_sign_with(desk: Desk, owner: Member) -> None:
    owner.post(reverse("deliveries:new", args=["webhook"]), **WEBHOOK | {"template": "teams"})
    row = only(desk)
    assert "signing" not in opened(row)
    shown = text(owner.post(at(row, "edit"), **WEBHOOK | {"url": ""}))
    assert opened(only(desk))["signing"] in shown.replace("&#x3D;", "=")


@pytest.mark.parametrize(
    ("kind", "chosen", "warned"),
    [
        ("syslog", {"protocol": "udp"}, True),
        ("syslog", {"protocol": "tls"}, False),
        ("splunk", {"url": "http://splunk.example.com"}, True),
        ("splunk", {"url": "https://splunk.example.com"}, False),
        ("sentinel", {"endpoint": "http://x.example.com"}, True),
        ("webhook", {"scheme": "http"}, True),
        ("webhook", {"scheme": "https"}, False),
    ],
)
def test_what_travels_unencrypted_is_known(kind: str, chosen: dict[str, str], warned: bool) -> None:
    assert KINDS[kind].is_encrypted(chosen) is not warned


def test_a_name_is_given_once(desk: Desk, owner: Member) -> None:
    desk.webhook(SECRET_URL, name="SOC")
    answer = owner.post(reverse("deliveries:new", args=["webhook"]), **WEBHOOK)
    assert "Another destination has this name" in text(answer)


def test_there_is_a_most(desk: Desk, owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destination_acts, "MOST", 1)
    desk.webhook(SECRET_URL)
    assert "as many as one organisation may have" in text(
        owner.post(reverse("deliveries:new", args=["webhook"]), **WEBHOOK)
    )


def test_the_test_button_sends_a_marked_event_and_shows_the_answer(desk: Desk, owner: Member) -> None:
    with serving(lambda _asked: Answer(200, body=b"thank you")) as receiver:
        row = desk.webhook(receiver.url)
        assert "thank you" in text(owner.follow(at(row, "test")))
        (asked,) = receiver.asked
        assert asked.json["data"]["test"] is True
    (event,) = audit(desk.world, "destination.tested")
    assert event.detail == {"kind": "webhook", "arrived": True}


def test_a_test_that_fails_says_what_why_and_what_to_do(desk: Desk, owner: Member) -> None:
    row = desk.webhook("http://127.0.0.1:9/")
    page = text(owner.follow(at(row, "test")))
    assert "did not arrive" in page
    assert "whether a firewall lets Vedette through" in page


def test_a_failing_destination_says_so_everywhere(desk: Desk, owner: Member) -> None:
    row = desk.webhook("http://127.0.0.1:9/", name="SOC")
    desk.happen(3)
    desk.tell(row)
    assert "Cannot be told" in text(owner.get(PAGE))
    page = text(owner.get(at(row)))
    for words in (
        "It cannot be told now",
        "3 events",
        "oldest:",
        "unreachable",
        "Next try:",
        "Tried 1 time.",
    ):
        assert words in page
    assert "SOC" in text(owner.get(reverse("intune:errors")))
    assert "Failing" in text(owner.get(reverse("connectors:overview")))
    owner.post(at(row, "now"))
    assert row.pk in desk.due()


def test_switching_off_waits_and_skipping_leaves_out(desk: Desk, owner: Member) -> None:
    with serving(lambda _asked: Answer(204)) as receiver:
        row = desk.webhook(receiver.url)
        assert "Switch “" in text(owner.get(at(row, "off")))
        owner.post(at(row, "off"))
        events = desk.happen(2)
        assert row.pk not in desk.due()
        desk.tell(row)
        assert receiver.asked == []
        owner.post(at(row, "on"))
        desk.tell(row)
        assert str(events[0].id) in [asked.headers["webhook-id"] for asked in receiver.asked]
        desk.happen(2)
        assert "2 events are never told" in text(owner.get(at(row, "skip")))
        count = len(receiver.asked)
        owner.post(at(row, "skip"))
        desk.tell(row)
        told = [asked.json["data"]["audit"]["action"] for asked in receiver.asked[count:]]
        assert told == ["destination.skipped"]


def test_undelivered_events_are_shown_sent_again_and_let_go(desk: Desk, owner: Member) -> None:
    with serving(lambda _asked: Answer(400, body=b"schema 7 has no such field")) as receiver:
        row = desk.webhook(receiver.url)
        desk.happen(3)
        desk.tell(row)
    first, second, third = desk.letters(row)
    listed = text(owner.get(at(row, "undelivered")))
    assert "schema 7 has no such field" in listed
    assert listed.count("Let go") == 3
    page = text(owner.get(at(row, "letter", first.pk)))
    assert "Audit trail: policy.test_0" in page
    assert "enterprise_guid" in page, "what would be sent"
    owner.post(at(row, "replay", first.pk))
    assert [letter.replay for letter in desk.letters(row)] == [True, False, False]
    assert "Let this event go?" in text(owner.get(at(row, "discard", second.pk)))
    owner.post(at(row, "discard", second.pk))
    assert [letter.pk for letter in desk.letters(row)] == [first.pk, third.pk]
    assert "3" in text(owner.get(at(row, "replay-all")))
    owner.post(at(row, "replay-all"))
    assert all(letter.replay for letter in desk.letters(row))
    owner.post(at(row, "discard-all"))
    assert desk.letters(row) == []


def test_deleting_asks_with_counts_and_takes_all_with_it(desk: Desk, owner: Member) -> None:
    row = desk.webhook("http://127.0.0.1:9/")
    desk.happen(3)
    desk.tell(row)
    assert "Waiting" in text(owner.get(at(row, "delete")))
    owner.post(at(row, "delete"))
    assert owner.get(at(row)).status_code == 404
    assert desk.errors() == []


ACTS = ("edit", "test", "now", "on", "off", "secret", "skip", "delete", "replay-all", "discard-all")


def test_restricted_access_and_strangers_have_none_of_it(desk: Desk, stranger: Desk) -> None:
    with serving(lambda _asked: Answer(400)) as receiver:
        row = desk.webhook(receiver.url)
        desk.happen()
        desk.tell(row)
    (letter,) = desk.letters(row)
    own = [at(row), at(row, "undelivered"), *(at(row, act) for act in ACTS)]
    own += [at(row, name, letter.pk) for name in ("letter", "replay", "discard")]
    rita, sam = sign_in(desk.world, "restricted", "rita"), sign_in(stranger.world, "full", "sam")
    before = desk.fresh(row)
    for path in [PAGE, reverse("deliveries:new", args=["webhook"]), *own]:
        for answer in (rita.get(path), rita.post(path, **WEBHOOK)):
            assert answer.status_code in {403, 405}, path
    for path in own:
        for answer in (sam.get(path), sam.post(path, **WEBHOOK)):
            assert answer.status_code in {404, 405}, path
    assert row.name not in text(sam.get(PAGE))
    after = desk.fresh(row)
    assert (after.settings, after.sealed, after.enabled, after.position) == (
        before.settings, before.sealed, before.enabled, before.position,
    )  # fmt: skip
    assert len(desk.letters(row)) == 1


def test_a_kind_that_does_not_exist_is_not_found(owner: Member) -> None:
    assert owner.get(reverse("deliveries:new", args=["fax"])).status_code == 404


def test_secrets_do_not_open_in_another_row(desk: Desk) -> None:
    one, other = desk.webhook(SECRET_URL), desk.webhook("http://127.0.0.1:9/other")
    desk.change(other, sealed=one.sealed)
    desk.happen()
    desk.tell(other)
    assert desk.fresh(other).error_code == "sealed"
