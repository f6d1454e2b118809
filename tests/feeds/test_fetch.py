"""Feeds fetched from a server on this machine: only what changed, within limits, checked, tried again."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from click.testing import CliRunner
from tests.support.http_server import Answer, Asked, Running, serving

from vedette.feeds import catalogue, fetch, index, store
from vedette.feeds.cli import intel
from vedette.feeds.models import FeedSource
from vedette.foundation import clock, database

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("db")]


def feed(*packages: str) -> bytes:
    return f"- name: X\n  type: stalkerware\n  packages: [{', '.join(packages)}]\n".encode()


@dataclass
class Site:
    """What the server gives at each path."""

    texts: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    meanwhile: Callable[[], object] | None = None
    """Done while a text is on its way."""
    server: Running = field(default=None)  # type: ignore[assignment]  # set before any test sees it

    def __call__(self, asked: Asked) -> Answer:
        text = self.texts.get(asked.path.partition("?")[0])
        if text is None or self.status != 200:
            return Answer(self.status if self.status != 200 else 404)
        if self.meanwhile:
            self.meanwhile()
        etag = f'"{hashlib.sha256(text).hexdigest()[:8]}"'
        if asked.headers.get("If-None-Match") == etag:
            return Answer(304)
        return Answer(body=text, headers={"ETag": etag})


@pytest.fixture
def site() -> Iterator[Site]:
    pages = Site()
    with serving(pages) as server:
        pages.server = server
        yield pages


def source(name: str = "spies") -> FeedSource:
    with database.system():
        return FeedSource.objects.get(feed__name=name)


def test_only_what_changed_is_fetched_and_imported(site: Site) -> None:
    site.texts["/ioc.yaml"] = feed("org.x.a")
    fetch.subscribe("spies", site.server.url + "/ioc.yaml", licence="CC0", every_hours=6)
    assert fetch.due() == ["spies"]
    first = fetch.fetch("spies").imported
    assert first is not None
    assert first.number == 1
    assert fetch.due() == []
    assert fetch.fetch("spies").imported is None
    assert site.server.asked[-1].headers["If-None-Match"] == source().etag
    site.texts["/ioc.yaml"] = feed("org.x.a", "org.x.b")
    second = fetch.fetch("spies").imported
    assert second is not None
    assert (second.number, second.added, second.removed) == (2, 1, 0)
    with database.system():
        assert index.current().package("org.x.b")
    assert source().due_at - clock.now() > timedelta(hours=5)


@pytest.mark.parametrize("act", ["rollback", "off"])
def test_what_was_taken_out_of_force_is_not_fetched_again_until_somebody_says_so(
    site: Site, act: str
) -> None:
    fetch.subscribe("spies", site.server.url + "/ioc.yaml")
    for packages in (["org.x.a"], ["org.x.b"]):
        site.texts["/ioc.yaml"] = feed(*packages)
        fetch.fetch("spies")
    said = CliRunner().invoke(intel, [act, "spies"]).output
    assert "fetched no more" in said
    with database.system():
        FeedSource.objects.update(due_at=clock.now())
    site.texts["/ioc.yaml"] = feed("org.x.c")
    assert fetch.due() == []
    assert store.status()[0].active == (1 if act == "rollback" else None)
    assert "fetched no more" not in CliRunner().invoke(intel, ["rollback", "spies", "--to", "2"]).output
    fetch.subscribe("spies", site.server.url + "/ioc.yaml")
    assert fetch.due() == ["spies"]
    fetch.fetch("spies")
    assert store.status()[0].active == 3


@pytest.mark.parametrize(
    ("act", "in_force"),
    [(lambda: store.roll_back("spies"), 1), (lambda: store.switch_off("spies"), None)],
    ids=["rollback", "off"],
)
def test_a_text_on_its_way_does_not_undo_what_was_taken_out_of_force_meanwhile(
    site: Site, act: Callable[[], object], in_force: int | None
) -> None:
    fetch.subscribe("spies", site.server.url + "/ioc.yaml")
    for packages in (["org.x.a"], ["org.x.b"]):
        site.texts["/ioc.yaml"] = feed(*packages)
        fetch.fetch("spies")
    site.texts["/ioc.yaml"], site.meanwhile = feed("org.x.c"), act
    with pytest.raises(fetch.FetchError, match="taken back or switched off while it was fetched"):
        fetch.fetch("spies")
    (now,) = store.status()
    assert (now.active, now.versions, fetch.due()) == (in_force, (1, 2), [])
    site.meanwhile = None
    fetch.subscribe("spies", site.server.url + "/ioc.yaml")
    fetch.fetch("spies")
    assert store.status()[0].active == 3


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda site: setattr(site, "status", 503), "503"),
        (lambda site: site.texts.clear(), "404"),
        (lambda site: site.texts.update({"/ioc.yaml": b"hello"}), "not recognised"),
        (lambda site: site.texts.update({"/ioc.yaml": b" " * (1024 * 1024)}), "larger"),
    ],
)
def test_what_goes_wrong_is_told_and_tried_again_and_changes_nothing(
    site: Site, spoil: Callable[[Site], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.texts["/ioc.yaml"] = feed("org.x.a")
    fetch.subscribe("spies", site.server.url + "/ioc.yaml")
    fetch.fetch("spies")
    monkeypatch.setattr(store, "LARGEST_BYTES", 512 * 1024)
    spoil(site)
    for failures in (1, 2):
        with pytest.raises(fetch.FetchError, match=said):
            fetch.fetch("spies")
        assert source().failures == failures
    assert said in source().problem
    assert source().due_at > clock.now()
    with database.system():
        assert index.current().package("org.x.a"), "the version in force stays"


def test_a_packed_bomb_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LARGEST_BYTES", 64 * 1024)
    packed = gzip.compress(b" " * 4_000_000)

    def answer(_asked: Asked) -> Answer:
        return Answer(body=packed, headers={"Content-Encoding": "gzip"})

    with serving(answer) as server:
        fetch.subscribe("bomb", server.url + "/x")
        with pytest.raises(fetch.FetchError, match="larger"):
            fetch.fetch("bomb")
    assert site.server.asked == []


def test_a_published_hash_is_checked(site: Site) -> None:
    site.texts["/ioc.yaml"] = feed("org.x.a")
    site.texts["/ioc.sha256"] = hashlib.sha256(site.texts["/ioc.yaml"]).hexdigest().encode() + b"  ioc.yaml\n"
    fetch.subscribe("spies", site.server.url + "/ioc.yaml", digest_address=site.server.url + "/ioc.sha256")
    assert fetch.fetch("spies").imported is not None
    site.texts["/ioc.yaml"] = feed("org.x.evil")
    with pytest.raises(fetch.FetchError, match="does not have the hash"):
        fetch.fetch("spies")
    with database.system():
        assert not index.current().package("org.x.evil")


def test_an_index_brings_feeds_of_its_own_and_respects_what_was_switched_off(site: Site) -> None:
    here = site.server.url
    site.texts["/indicators.yaml"] = (
        f'indicators:\n  - {{type: download, name: Plain, download_url: "{here}/a.stix2"}}\n'
        '  - {type: download, name: One, download_url: "https://feeds.invalid/a.stix2"}\n'
    ).encode()
    fetch.subscribe("index", here + "/indicators.yaml", format_="mvt-index")
    assert fetch.fetch("index").followed == ("mvt-one",), "an index may name addresses over TLS only"
    assert source("mvt-one").enabled
    fetch.unsubscribe("mvt-one")
    site.texts["/indicators.yaml"] += b"\n# changed\n"
    assert fetch.fetch("index").followed == ()
    assert not source("mvt-one").enabled


@pytest.mark.parametrize(
    "address", ["ftp://x.example/a", "x.example/a", "https://me:secret@x.example/a", "https://"]
)
def test_addresses(address: str) -> None:
    with pytest.raises(store.FeedError):
        fetch.subscribe("spies", address)


def test_the_catalogue_is_sound() -> None:
    assert len(catalogue.BY_NAME) == len(catalogue.CATALOGUE)
    for public in catalogue.CATALOGUE:
        store.check_name(public.name)
        assert public.address.startswith("https://")
        assert public.licence
    runner = CliRunner()
    assert "stalkerware: " in runner.invoke(intel, ["offers"]).output
    assert runner.invoke(intel, ["subscribe", "nothing"]).exit_code == 2
    assert runner.invoke(intel, ["subscribe", "kev"]).exit_code == 0
    assert fetch.due() == ["kev"]
    assert runner.invoke(intel, ["unsubscribe", "kev"]).exit_code == 0
    assert fetch.due() == []
    assert "No feed is due" in runner.invoke(intel, ["fetch"]).output
