"""Intelligence, Vulnerabilities, app lists and rules: what people see, and what their acts do to phones."""

import datetime as dt
import json

import pytest
from tests.support.console import Member, text
from tests.support.world import World, app, facts, make_world

from vedette.compliance.assess import assess, reassess
from vedette.feeds import fetch, store
from vedette.feeds.models import Feed, FeedSource
from vedette.foundation import database
from vedette.threats.models import AppEntry, Threat
from vedette_facts.manifest import Manifest

pytestmark = pytest.mark.database

FEED = b"- name: DemoSpy\n  type: stalkerware\n  packages: [org.x.spy]\n"


def osv(fixed: str, cve: str = "CVE-2026-0001") -> bytes:
    return json.dumps(
        {
            "id": "ASB-A-1",
            "aliases": [cve],
            "affected": [
                {
                    "package": {"ecosystem": "Android"},
                    "ranges": [{"events": [{"fixed": fixed}]}],
                    "ecosystem_specific": {"severity": "Critical"},
                }
            ],
        }
    ).encode()


def kev(*cves: str) -> bytes:
    return json.dumps(
        {"catalogVersion": "1", "vulnerabilities": [{"cveID": c, "dateAdded": "2026-01-02"} for c in cves]}
    ).encode()


def codes(world: World) -> set[str]:
    with database.tenant(world.tenant_id):
        return set(Threat.objects.filter(status=Threat.Status.OPEN).values_list("classification", flat=True))


def test_a_first_run_offers_public_feeds_with_their_licence(full: Member, restricted: Member) -> None:
    with database.system():
        Feed.objects.all().delete()
    assert "No intelligence is loaded" in text(full.get("/devices/")), "a banner, until something is"
    page = text(full.get("/system/intelligence/"))
    assert "No intelligence is loaded" in page
    assert "CC-BY 4.0" in page
    assert "/system/intelligence/kev/subscribe" in page
    for_others = text(restricted.get("/system/intelligence/"))
    assert "/subscribe" not in for_others
    asked = text(full.get("/system/intelligence/stalkerware/subscribe"))
    assert "Licence: CC-BY 4.0" in asked
    assert full.post("/system/intelligence/stalkerware/subscribe").status_code == 302
    assert fetch.due() == ["stalkerware"], "the worker fetches it; the page does not wait"
    store.import_document("spies", FEED)
    assert "No intelligence is loaded" not in text(full.get("/devices/"))


def test_where_several_are_served_feeds_are_the_operator_s(full: Member, stranger: Member) -> None:
    assert stranger
    page = text(full.get("/system/intelligence/"))
    assert "serves several organisations" in page
    assert "/subscribe" not in page
    full.post("/system/intelligence/kev/subscribe")
    assert fetch.due() == []


def test_what_a_feed_brought_and_the_way_back(full: Member) -> None:
    store.import_document("spies", FEED, licence="CC0")
    store.import_document("spies", FEED + b"  colours: [red]\n  websites: [spy.example]\n")
    page = text(full.get("/system/intelligence/spies/"))
    assert "Not understood" in page
    assert "red" in page
    asked = text(full.get("/system/intelligence/spies/rollback"))
    assert "version 1 of spies" in asked
    assert "0 values come back and 1 go" in asked
    full.post("/system/intelligence/spies/rollback")
    assert store.status()[0].active == 1


def test_a_feed_that_fails_says_why(full: Member) -> None:
    fetch.subscribe("mine", "https://feeds.example/x")
    with database.system():
        FeedSource.objects.update(problem="The server answered 503.", failures=3)
    assert "Some feeds cannot be fetched" in text(full.get("/system/intelligence/"))
    assert "The server answered 503." in text(full.get("/system/intelligence/mine/"))


def test_versions_flaws_and_the_phones_that_have_them(full: Member, world: World) -> None:
    assert "Nothing is known about systems yet" in text(full.get("/vulnerabilities/"))
    (phone,) = world.activated()
    world.report(phone, facts(device={"os_version": "15", "security_patch": "2026-09-05"}))
    store.import_document("osv", osv("15:2026-10-05"))
    store.import_document("kev", kev("CVE-2026-0001"))
    assess(world.tenant_id)
    page = text(full.get("/vulnerabilities/"))
    assert "CVE-2026-0001" in page
    assert "2026-10-05" in page
    flaw = text(full.get("/vulnerabilities/CVE-2026-0001/"))
    assert str(phone.id) in flaw
    assert "Known to be used since 2026-01-02" in flaw
    assert full.get("/vulnerabilities/CVE-2020-9999/").status_code == 404
    assert "OUT_OF_DATE_ASPL" in codes(world)
    assert full.export("/vulnerabilities/export").splitlines()[1].startswith("CVE-2026-0001,Critical,yes")
    store.import_document("osv", osv("15:2026-09-05"))
    reassess(world.tenant_id)
    assert "No flaw to show" in text(full.get("/vulnerabilities/"))


def test_a_stranger_s_phones_are_not_counted(full: Member, world: World) -> None:
    other = make_world("Stranger")
    for where in (world, other):
        (phone,) = where.activated()
        where.report(phone, facts(device={"os_version": "15", "security_patch": "2026-09-05"}))
        assess(where.tenant_id)
    store.import_document("osv", osv("15:2026-10-05"))
    assert "Phones that have it (1)" in text(full.get("/vulnerabilities/CVE-2026-0001/"))


def test_denied_allowed_and_again_as_before(full: Member, world: World) -> None:
    store.import_document("spies", FEED)
    (phone,) = world.activated()
    world.report(phone, facts("org.x.spy"))
    assess(world.tenant_id)
    assert "SURVEILLANCEWARE" in codes(world)
    page = "/policy/apps/"
    full.post(page + "add", action="allow", subject="package", value="org.x.spy", note="our own", days="30")
    reassess(world.tenant_id)
    assert "SURVEILLANCEWARE" not in codes(world)
    shown = text(full.get(page))
    assert "our own" in shown
    with database.tenant(world.tenant_id):
        entry = AppEntry.objects.get()
    assert entry.expires_at is not None
    assert entry.expires_at - entry.created_at > dt.timedelta(days=29)
    full.post(f"{page}{entry.id}/remove")
    full.post(page + "add", action="deny", subject="package", value="org.x.*")
    reassess(world.tenant_id)
    assert {"SURVEILLANCEWARE", "DENYLISTED_APP"} <= codes(world)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "deny", "subject": "package", "value": "no package"}, "is not what was said"),
        ({"action": "deny", "subject": "signer", "value": "ab" * 10}, "is not what was said"),
        (
            {"action": "allow", "subject": "signer", "value": "61ED377E85D386A8DFEE6B864BD85B0BFAA5AF81"},
            "Anybody",
        ),
        ({"action": "deny", "subject": "package", "value": ""}, "required"),
    ],
)
def test_entries_that_make_no_sense_are_refused_with_words(
    full: Member, form: dict[str, str], said: str
) -> None:
    answer = full.post("/policy/apps/add", **form)
    assert answer.status_code == 422
    assert said in text(answer)


def test_rules_on_capabilities(full: Member, world: World) -> None:
    (phone,) = world.activated()
    reads = Manifest(requested=["android.permission.READ_SMS"])
    world.report(phone, facts(apps=[app("org.x.reader", manifest=reads)]))
    assess(world.tenant_id)
    assert "DENYLISTED_APP" not in codes(world)
    full.post("/policy/rules/add", name="No SMS", all_of=["read_sms"])
    reassess(world.tenant_id)
    assert "DENYLISTED_APP" in codes(world)
    assert full.post("/policy/rules/add", name="No SMS", all_of=["read_sms"]).status_code == 422
    page = text(full.get("/policy/apps/"))
    assert "reads text messages" in page
    full.client.cookies["vedette_language"] = "fr"
    page = text(full.get("/policy/apps/"))
    # once in the list of rules, once in each list to choose from
    assert page.count("lit les SMS") == 3
    assert "reads text messages" not in page
