"""Every format of an event: what is escaped, what is left out, what a reader finds again."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.deliveries.samples import AT, PHONE, THREAT, told

from vedette.connectors.destination_chunks import chunks
from vedette.connectors.destination_events import Told
from vedette.connectors.destination_summary import category, summarise, title
from vedette.connectors.elastic.ecs import document
from vedette.connectors.sentinel.columns import COLUMNS, row
from vedette.connectors.syslog import cef, leef, message
from vedette.connectors.webhook import messages, signing
from vedette.verdict.risk import Risk

KINDS = ("THREAT", "DEVICE", "AUDIT")
SYSLOG = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) vedette - (?P<type>\S+) "
    r"(?P<data>(?:\[(?:[^\]\\]|\\.)*\])+) (?P<body>.*)", re.DOTALL,
)  # fmt: skip
"""The grammar of RFC 5424 6, for messages of ours."""


# -- CEF ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "header", "value"),
    [
        ("plain", "plain", "plain"),
        ("a|b", r"a\|b", "a|b"),
        ("a\\b", r"a\\b", r"a\\b"),
        ("a=b", "a=b", r"a\=b"),
        ("a\nb", "a b", r"a\nb"),
        ("a\r\nb", "a b", r"a\nb"),
        ("a\rb", "a b", r"a\rb"),
        (r"\|=", r"\\\|=", r"\\|\="),
    ],
)
def test_cef_escapes_header_and_extension_each_its_own_way(text: str, header: str, value: str) -> None:
    assert cef.header(text) == header
    assert cef.value(text) == value


@settings(max_examples=40)
@given(st.text())
def test_a_cef_value_can_be_read_back(text: str) -> None:
    written = cef.value(text)
    assert "\n" not in written
    assert "\r" not in written
    assert not re.search(r"(?<!\\)(?:\\\\)*=", written), "no bare equals sign"
    read = re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), written)
    assert read == text.replace("\r\n", "\n")


def test_a_cef_line() -> None:
    line = cef.line(summarise(told(target_name="Start=bad | really\\so")))
    head, _, extension = line.partition("|9|")
    assert re.fullmatch(
        r"CEF:0\|Vedette\|Mobile Threat Defense\|[^|]+\|THREAT:TROJAN\|Threat found: [^|]+", head
    )
    assert rf"rt={int(AT.timestamp() * 1000)} " in extension
    for part in (
        "duser=ada@contoso.com", f"deviceExternalId={PHONE}", "dproc=com.doa.start", "fileHash=ae2a",
        "cs1=TROJAN cs1Label=Classification", f"cs6={THREAT} cs6Label=Threat ID", r"msg=Start\=bad | really\\so",
    ):  # fmt: skip
        assert part in extension


# -- LEEF -----------------------------------------------------------------------------------------------


def leef_read(line: str) -> tuple[list[str], dict[str, str]]:
    """Read a line as the format's guide says."""
    *head, body = line.split("|", 6)
    assert head[0] == "LEEF:2.0"
    delimiter = chr(int(head[5].removeprefix("x"), 16))
    return head, dict(part.split("=", 1) for part in body.split(delimiter))


@settings(max_examples=40)
@given(st.text(), st.text())
def test_leef_keeps_its_fields_apart_whatever_is_in_them(name: str, text: str) -> None:
    line = leef.line(replace(summarise(told()), title=name, text=text, category=name))
    assert len(line.splitlines()) == 1
    head, attributes = leef_read(line)
    assert len(head) == 6
    assert attributes["vedetteId"] == "00000000-0000-0000-0000-000000000007"
    assert attributes["sev"] == "9"


@pytest.mark.parametrize(
    ("kind", "event_id"),
    [
        ("THREAT", "THREAT,TROJAN"),
        ("DEVICE", "DEVICE,ACTIVATED_THREATS_HIGH"),
        ("AUDIT", "AUDIT,POLICY_CHANGE"),
    ],
)
def test_leef_names_events_as_lookout_s_translator_does(kind: str, event_id: str) -> None:
    head, attributes = leef_read(leef.line(summarise(told(kind))))
    assert head[4] == event_id
    assert attributes["usrName"] == "ada@contoso.com"
    assert attributes["devTime"] == "2026-02-20T09:55:18.817+00:00"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"activation_status": "DELETED", "protection_status": "DISCONNECTED"}, "DELETED"),
        ({"activation_status": "ACTIVATED", "protection_status": "DISCONNECTED"}, "UPDATED"),
    ],
    ids=["deleted", "disconnected"],
)
def test_categories_of_phones(status: dict[str, str], expected: str) -> None:
    assert category({"type": "DEVICE", "change_type": "UPDATED", "device": {"status": status}}) == expected


# -- RFC 5424 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [message.JSON, message.CEF, message.LEEF])
@pytest.mark.parametrize("kind", KINDS)
def test_a_message_has_the_grammar_of_rfc_5424(kind: str, body: str) -> None:
    written = message.message(body, "local3", told(kind, target_name='Odd "name" ]\\ é\nnext'))
    found = SYSLOG.fullmatch(written.decode())
    assert found
    severity = 6 if kind == "AUDIT" else 2
    assert int(found["priority"]) == 19 * 8 + severity
    assert found["time"] == "2026-02-20T09:55:18.817Z"
    assert found["type"] == kind
    assert b"\n" not in written
    if body == message.JSON:
        assert json.loads(found["body"])["type"] == kind


@pytest.mark.parametrize(
    ("text", "written"),
    [('a"b', r"a\"b"), ("a]b", r"a\]b"), ("a\\b", r"a\\b"), ("a\nb", "a b"), ("a=b é", "a=b é")],
)
def test_structured_data_is_escaped(text: str, written: str) -> None:
    assert message.escaped(text) == written


def test_what_is_over_is_a_notice() -> None:
    event = told()
    over: dict[str, Any] = {**event.event, "threat": {**event.event["threat"], "status": "RESOLVED"}}
    assert message.message("json", "local0", replace(event, event=over)).startswith(b"<133>1 ")


def test_frames_count_octets_not_letters() -> None:
    assert message.counted("é".encode()) == b"2 \xc3\xa9"


# -- ECS and Sentinel -----------------------------------------------------------------------------------


def test_an_ecs_document() -> None:
    written = document(told())
    assert written["@timestamp"] == "2026-02-20T09:55:18.817+00:00"
    assert written["event"]["kind"] == "alert"
    assert written["event"]["category"] == ["threat"]
    assert written["event"]["severity"] == 99
    assert written["rule"] == {"name": "TROJAN", "category": "APPLICATION"}
    assert written["file"] == {"hash": {"sha256": "ae2a"}}
    assert written["user"]["email"] == "ada@contoso.com"
    assert written["vedette"] == told().event, "the event itself is whole"
    assert "url" not in written, "what is empty is left out"
    assert document(told("DEVICE"))["host"]["os"] == {
        "type": "ios", "platform": "ios", "name": "iOS", "version": "17.5",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_every_column_of_its_type(kind: str) -> None:
    types = {"string": str, "int": int, "boolean": bool, "dynamic": dict, "datetime": str}
    written = row(told(kind))
    assert list(written) == [name for name, _type in COLUMNS]
    for name, kind_of in COLUMNS:
        assert isinstance(written[name], types[kind_of]), name


# -- webhooks -------------------------------------------------------------------------------------------


def test_a_signature_is_that_of_the_published_example() -> None:
    """The example of the specification's reference libraries (standard-webhooks/spec, libraries)."""
    key = signing.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signing.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [key])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_side_by_side() -> None:
    keys = [signing.key_of(signing.new_secret()) for _ in range(2)]
    headers = signing.headers("id", 1, b"{}", keys)
    expected = [
        "v1," + base64.b64encode(hmac.new(key, b"id.1.{}", hashlib.sha256).digest()).decode() for key in keys
    ]
    assert headers["webhook-signature"].split() == expected


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "whsec_" + "A" * 100])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(signing.SecretError):
        signing.key_of(secret)


@pytest.mark.parametrize("kind", KINDS)
def test_json_for_programs(kind: str) -> None:
    written = json.loads(messages.body("json", told(kind), "en"))
    assert written["type"] == f"{kind.lower()}.created"
    assert written["data"] == told(kind).event


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_for_teams(kind: str, language: str) -> None:
    written = json.loads(messages.body("teams", told(kind), language))
    (attachment,) = written["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    facts = card["body"][-1]["facts"]
    assert facts
    assert all(fact["title"] and fact["value"] for fact in facts)
    assert card["actions"][0]["url"].startswith("http")
    assert ("Ouvrir" in card["actions"][0]["title"]) is (language == "fr")


def test_what_an_app_calls_itself_becomes_no_link_in_a_card() -> None:
    lure = "[Sign in again](https://evil.example/)"
    event = told(target_name=f"{lure} is a known trojan")
    event.event["threat"]["details"]["application_name"] = lure
    written = messages.body("teams", event, "en").decode()
    assert "Sign in again" in written
    assert "](" not in written


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_for_slack_keep_its_limits(kind: str) -> None:
    event = told(kind, target_name="<!channel> & " + "x" * 5000)
    written = json.loads(messages.body("slack", event, "en"))
    assert "<!channel>" not in json.dumps(written["blocks"][1:]), "nobody is called by a name in an event"
    for block in written["blocks"]:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        if block["type"] == "section":
            assert 1 <= len(block.get("fields", [1])) <= 10
            assert all(len(field["text"]) <= 2000 for field in block.get("fields", []))


@pytest.mark.parametrize(
    ("event", "language", "expected"),
    [
        (told(), "en", "Threat found: "),
        (told(simulated=True), "en", "Simulated: Threat found: "),
        (told("DEVICE"), "en", "Ada's iPhone: Secured → High risk"),
        (told("DEVICE", state_before=""), "en", "Ada's iPhone: High risk"),
        (told("DEVICE", state_after="", action="device.removed"), "en", "Ada's iPhone: device.removed"),
        (told("AUDIT"), "en", "Audit trail: policy.levels_changed"),
        (told("AUDIT", test=True), "fr", "Événement de test de Vedette"),
    ],
    ids=["threat", "simulated", "phone", "new phone", "removed phone", "audit", "test in French"],
)
def test_titles(event: Told, language: str, expected: str) -> None:
    assert title(event, language).startswith(expected)


# -- batches --------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 100), st.integers(0, 2))
def test_chunks_take_everything_in_order_within_the_limit(
    parts: list[bytes], most: int, between: int
) -> None:
    ranges = list(chunks(parts, most, between))
    assert [index for first, after in ranges for index in range(first, after)] == list(range(len(parts)))
    for first, after in ranges:
        assert after - first == 1 or sum(len(part) + between for part in parts[first:after]) <= most


def test_levels_have_a_severity_each() -> None:
    for level in Risk:
        assert 1 <= summarise(told(risk=level)).severity <= 10
