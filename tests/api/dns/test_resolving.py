"""Phones ask by HTTPS and TLS; the bad is blocked, told and recorded, the clean is forwarded and forgotten."""

import asyncio
import base64
import contextlib
import plistlib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import dns.edns
import dns.message
import dns.rcode
import httpx
import pytest
from django.db.utils import OperationalError
from tests.api.dns.conftest import ALLOWED, BAD, DOT_NAME, SINKHOLE, START_SECONDS, Asker, listed
from tests.support.console import audit
from tests.support.world import ADA

from vedette.api.dns import phones, upstream_datagram
from vedette.api.dns import resolver as resolving
from vedette.api.dns.answers import Sinkhole
from vedette.api.dns.encounters import Encounters
from vedette.api.dns.policy import Policy
from vedette.api.dns.resolver import Phone, Reply
from vedette.api.dns.upstream import Done, UpstreamError
from vedette.compliance import lifecycle, web_encounters
from vedette.detection.web import WebLists, judge_host
from vedette.devices import resolver
from vedette.devices.models import Device, ResolverSettings
from vedette.feeds import web_lists, web_settings
from vedette.foundation import clock, database
from vedette.foundation.name_server import NameServer


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def explained(message: dns.message.Message) -> list[int]:
    return [int(option.code) for option in message.options if isinstance(option, dns.edns.EDEOption)]


def addresses(message: dns.message.Message) -> list[str]:
    return [
        item.to_text() for rrset in message.answer for item in rrset if rrset.rdtype.name in {"A", "AAAA"}
    ]


def test_both_ways_block_the_bad_and_forward_the_clean(asker: Asker) -> None:
    for ask in (asker.over_https, asker.over_tls):
        clean = ask("www.clean.example")
        assert clean.rcode() == dns.rcode.NOERROR
        assert addresses(clean)[0].startswith("192.0.2.")
        bad = ask(f"login.{BAD}")
        assert addresses(bad) == [SINKHOLE]
        assert explained(bad) == [15]
        assert addresses(ask(ALLOWED)) not in ([], [SINKHOLE])
        behind = ask(f"alias.{BAD}")
        assert explained(behind) == [15]
        assert addresses(ask(f"alias.x.{BAD}")) == [SINKHOLE]
        for type_ in ("AAAA", "HTTPS", "TXT"):
            empty = ask(BAD, type_)
            assert (empty.rcode(), empty.answer) == (dns.rcode.NOERROR, [])
            assert empty.authority
        assert ask("failing.example").rcode() == dns.rcode.SERVFAIL
        missing = ask("missing.example")
        assert missing.rcode() == dns.rcode.NXDOMAIN
        assert not explained(missing)
    met = asker.met()
    assert {row.subject for row in met} == {BAD, f"login.{BAD}", f"alias.{BAD}", f"alias.x.{BAD}"}
    with database.tenant(asker.world.tenant_id):
        assert resolver.of(asker.device) is not None


def test_an_alias_of_a_bad_name_is_blocked_too(asker: Asker) -> None:
    """`alias.NAME` of the lab's name server is an alias of NAME: the asked name itself is on no list here."""
    listed("deny", "target.other.example", asker.world)
    listed("allow", "alias.target.other.example", asker.world)
    web_lists.forget(asker.world.tenant_id)
    asker.serving.forget()
    blocked = asker.over_https("alias.target.other.example")
    assert addresses(blocked) == [SINKHOLE]
    assert [row.subject for row in asker.met()] == ["target.other.example"]


def test_a_get_is_cached_and_what_is_no_query_is_refused(asker: Asker) -> None:
    query = dns.message.make_query("www.clean.example", "A", id=0).to_wire()
    text = base64.urlsafe_b64encode(query).rstrip(b"=").decode()
    with httpx.Client(verify=False) as client:  # noqa: S501 - plain HTTP
        first = client.get(asker.path, params={"dns": text})
        assert first.headers["content-type"] == "application/dns-message"
        assert first.headers["cache-control"] == "max-age=60"
        answer = dns.message.from_wire(first.content)
        assert not answer.edns >= 0
        blocked = dns.message.make_query(BAD, "A", id=0).to_wire()
        assert (
            client.post(
                asker.path, content=blocked, headers={"content-type": "application/dns-message"}
            ).headers["cache-control"]
            == "max-age=60"
        )
        refused = {
            "": 400, "?dns=": 400, "?dns=!!!": 400, "?dns=AA": 400, "?dns=" + "A" * 6000: 414,
        }  # fmt: skip
        for query_text, status in refused.items():
            assert client.get(asker.path + query_text).status_code == status, query_text[:20]
        assert client.put(asker.path).status_code == 405
        assert client.post(asker.path, content=query).status_code == 415
        assert asker.post(b"\0" * 5000).status_code == 413
        assert asker.post(b"x").status_code == 400
        malformed = asker.post(query[:-1])
        assert dns.message.from_wire(malformed.content).rcode() == dns.rcode.FORMERR
        stranger = asker.path[:-4] + "aaaa"
        assert client.get(stranger, params={"dns": text}).status_code == 404
        assert client.get(asker.path + "/other").status_code == 404


def test_answers_over_tls_come_as_they_are_ready(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow question was asked first; the quick ones are answered before it."""
    monkeypatch.setattr(upstream_datagram, "TRIES", (0.5, 0.5))
    asker.over_tls("warm.example")
    slow = dns.message.make_query("silent.example", "A", id=1).to_wire()
    quick = [
        dns.message.make_query(f"n{number}.example", "A", id=number).to_wire() for number in range(2, 40)
    ]
    with (
        socket.create_connection(("127.0.0.1", asker.serving.api.dot_port), START_SECONDS) as plain,
        asker.trust().wrap_socket(
            plain, server_hostname=f"{asker.address.token.upper()}.{DOT_NAME}"
        ) as secure,
    ):
        secure.sendall(b"".join(len(item).to_bytes(2) + item for item in [slow, *quick]))
        stream = secure.makefile("rb")
        seen = [dns.message.from_wire(stream.read(int.from_bytes(stream.read(2)))) for _ in range(len(quick))]
        assert sorted(answer.id for answer in seen) == list(range(2, 40))
        last = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2))))
        assert (last.id, last.rcode()) == (1, dns.rcode.SERVFAIL)
        # no DNS at all ends the connection
        secure.sendall(b"\x00\x03GET")
        assert stream.read(1) == b""


def test_nobody_else_is_answered_over_tls(asker: Asker) -> None:
    for name, refused in (
        (f"www.{DOT_NAME}", True),
        (f"{'a' * 32}.{DOT_NAME}", False),
    ):
        with socket.create_connection(("127.0.0.1", asker.serving.api.dot_port), START_SECONDS) as plain:
            try:
                with asker.trust().wrap_socket(plain, server_hostname=name) as secure:
                    assert not refused
                    assert secure.recv(1) == b""
            except ssl.SSLError:
                assert refused


def test_a_large_answer_comes_whole(asker: Asker) -> None:
    assert len(asker.over_https("big.example", "TXT").answer[0]) == 12
    assert len(asker.over_tls("big.example", "TXT").answer[0]) == 12


def test_a_pause_lets_names_through_and_ends_by_itself(
    asker: Asker, move_clock: Callable[[float], None]
) -> None:
    with database.writer(asker.world.tenant_id):
        with pytest.raises(resolver.Refused, match="1 to 30"):
            resolver.pause(asker.device, 31, ADA)
        assert resolver.pause(asker.device, 30, ADA) > clock.now() + timedelta(minutes=29)
    assert audit(asker.world, "device.resolver_paused")[0].changes[0]["attribute"] == "paused_until"
    assert addresses(asker.over_https(BAD)) != [SINKHOLE]
    assert asker.met() == []
    web_settings.change_settings(asker.world.tenant_id, {"pause_minutes": 0}, ADA)
    asker.serving.forget()
    assert addresses(asker.over_https(BAD)) == [SINKHOLE]
    web_settings.change_settings(asker.world.tenant_id, {"pause_minutes": 30}, ADA)
    asker.serving.forget()
    assert addresses(asker.over_https(BAD)) != [SINKHOLE]
    move_clock(31 * 60)
    assert addresses(asker.over_https(BAD)) == [SINKHOLE]


def test_a_withdrawn_address_and_a_deactivated_phone_are_nobodys(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "FRESH_SECONDS", 0.1)
    assert asker.over_https("www.clean.example").answer
    with database.writer(asker.world.tenant_id):
        lifecycle.deactivate(Device.objects.get(pk=asker.device.pk), "administrator", ADA)
    query = dns.message.make_query("www.clean.example", "A", id=0).to_wire()
    until(lambda: asker.post(query).status_code == 404)
    with database.writer(asker.world.tenant_id):
        with pytest.raises(resolver.Refused, match="Reinstate"):
            resolver.make(Device.objects.get(pk=asker.device.pk), ADA)
        resolver.withdraw(asker.device, ADA)
        assert resolver.of(asker.device) is None


def test_a_new_address_ends_the_old_one_and_only_the_hash_is_kept(asker: Asker) -> None:
    with database.writer(asker.world.tenant_id):
        new = resolver.make(asker.device, ADA)
        row = resolver.of(asker.device)
        assert row
        assert new.token.encode() not in bytes(row.token_hash)
        assert bytes(row.token_hash) == resolver.hashed(new.token)
    assert resolver.hashed(asker.address.token) != bytes(row.token_hash)
    with database.tenant(asker.stranger.tenant_id):
        assert resolver.of(asker.device) is None


def test_no_such_name_instead_of_the_page_and_closed_when_the_verdict_fails(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writer(asker.world.tenant_id):
        ResolverSettings.objects.create(tenant_id=asker.world.tenant_id, sinkhole=False, fail_closed=True)
    asker.serving.forget()
    blocked = asker.over_https(BAD)
    assert (blocked.rcode(), explained(blocked)) == (dns.rcode.NXDOMAIN, [15])
    policies = asker.serving.api.service.policies
    (kept,) = policies._kept.values()

    def fails(_host: str) -> None:
        raise RuntimeError("no verdict")

    monkeypatch.setattr(policies, "_look", lambda _tenant: asker.serving.loop.create_future())
    object.__setattr__(kept.policy, "judge", fails)
    closed = asker.over_https("unsure.example")
    assert (closed.rcode(), explained(closed)) == (dns.rcode.SERVFAIL, [14])
    object.__setattr__(kept.policy, "fail_closed", False)
    assert asker.over_https("unsure2.example").answer


def policy_of(lists: WebLists) -> Policy:
    return Policy(
        uuid4(),
        None,
        on=True,
        block_suspicious=False,
        sinkhole=True,
        fail_closed=False,
        pause_minutes=0,
        judge=lambda host: judge_host(host, lists),
    )


def test_what_cannot_be_written_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[UUID] = []
    spoilt, broken, well = uuid4(), uuid4(), uuid4()

    def record(tenant_id: UUID, _encounters: object) -> None:
        if tenant_id == spoilt:
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates")
        if tenant_id == broken:
            raise OperationalError
        written.append(tenant_id)

    async def run() -> None:
        met = Encounters()
        for tenant_id in (spoilt, broken, well):
            policy = replace(plain, tenant_id=tenant_id)
            verdict = policy.told("bad.example")
            assert verdict
            met.take(Phone(uuid4(), policy), verdict, "doh")
        await met.write()
        assert list(met._waiting) == [broken]  # tried again
        broken_before = len(written)
        monkeypatch.setattr(web_encounters, "record", lambda tenant_id, _: written.append(tenant_id))
        await met.stop()
        assert written[broken_before:] == [broken]

    lists = WebLists.of(denied={"bad.example": ""})
    plain = policy_of(lists)
    monkeypatch.setattr(web_encounters, "record", record)
    asyncio.run(run())
    assert written == [well, broken]


def test_what_was_told_and_is_blocked_since_is_met_anew() -> None:
    met, phone = Encounters(), Phone(uuid4(), policy_of(WebLists()))
    listed_now = judge_host("bad.example", WebLists.of(denied={"bad.example": ""}))
    told = replace(listed_now, outcome="suspicious", classification="PHISHING_CONTENT")
    for verdict in (told, told, listed_now, listed_now):
        met.take(phone, verdict, "doh")
    assert [one.verdict for one in met._waiting[phone.policy.tenant_id]] == [told, listed_now]


def test_upstreams_that_nobody_asks_any_more_are_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[NameServer] = []

    class Silent:
        def __init__(self, server: NameServer) -> None:
            self.server = server

        def ask(self, _query: object, done: Done) -> None:
            done(UpstreamError("nobody is there"))

        def close(self) -> None:
            closed.append(self.server)

    asking = resolving.Resolver(Silent, lambda *_: None, sinkhole=Sinkhole())
    servers = [NameServer("udp", f"192.0.2.{number}", 53) for number in range(3)]
    policy = policy_of(WebLists())
    query = dns.message.make_query("www.clean.example", "A").to_wire()
    replies: list[Reply | None] = []
    for server, seconds in zip(servers, (0, 500, 700), strict=True):
        now = time.monotonic() + seconds
        monkeypatch.setattr(resolving, "time", SimpleNamespace(monotonic=lambda now=now: now))
        for _ in range(2):
            asking.begin(query, Phone(uuid4(), replace(policy, upstream=server)), "doh", replies.append)
    assert len(replies) == 6
    assert closed == [servers[0]]
    # the log says it once in a while, not for every question
    assert sum("nobody is there" in record.getMessage() for record in caplog.records) == 3


def test_an_upstream_that_is_gone_is_told(asker: Asker) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    web_settings.change_settings(asker.world.tenant_id, {"upstream": f"127.0.0.1:{port}"}, ADA)
    asker.serving.forget()
    failed = asker.over_https("www.clean.example")
    assert (failed.rcode(), explained(failed)) == (dns.rcode.SERVFAIL, [22])


def test_the_phone_finds_its_profile(asker: Asker) -> None:
    with httpx.Client(verify=False) as client:  # noqa: S501 - plain HTTP
        answer = client.get(f"{asker.path}/profile.mobileconfig", headers={"accept-language": "fr-FR"})
        assert answer.headers["content-type"] == "application/x-apple-aspen-config"
        (payload,) = plistlib.loads(answer.content)["PayloadContent"]
        assert payload["DNSSettings"]["ServerURL"].endswith(asker.address.token)
        # this process has no name for DNS over TLS in its settings
        assert client.get(f"{asker.path}/profile.mobileconfig?way=dot").status_code == 404
        assert client.get(f"{asker.path[:-4]}aaaa/profile.mobileconfig").status_code == 404


def test_the_block_page_names_the_host_and_runs_nothing(asker: Asker) -> None:
    url = f"http://127.0.0.1:{asker.serving.api.block_port}/a/path?x=1"
    with httpx.Client(verify=False) as client:  # noqa: S501 - plain HTTP
        page = client.get(url, headers={"host": f"Login.{BAD}:80"})
        assert page.status_code == 403
        assert f">login.{BAD}<" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        french = client.get(url, headers={"host": BAD, "accept-language": "fr"})
        assert 'lang="fr"' in french.text
        assert "Cette page est bloquée" in french.text
        hostile = client.get(url, headers={"host": '"><script>alert(1)</script>'})
        assert "<script" not in hostile.text
        assert client.head(url).content == b""
        assert client.put(url).status_code == 405
    for given in (b"\0" * 20_000, b"\x16\x03\x01\r\n\r\n", b"GET"):
        with socket.create_connection(("127.0.0.1", asker.serving.api.block_port), START_SECONDS) as plain:
            plain.sendall(given)
            plain.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                assert b"200" not in plain.recv(100)
