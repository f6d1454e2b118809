"""What the fleet installs is what the demo's own feed knows."""

from pathlib import Path

from vedette_lab.fleet.apps import EVERYDAY, MALWARE, SIDELOADED

FEEDS = Path(__file__).resolve().parents[2] / "src" / "vedette" / "feeds" / "demo"


def test_malware_of_the_stories_is_in_the_demo_feed_and_nothing_else_is() -> None:
    feeds = "".join(
        path.read_text("utf-8") for path in FEEDS.iterdir() if path.suffix in {".json", ".yaml"}
    ).lower()
    for app in MALWARE:
        assert app.package in feeds
        assert any(certificate in feeds for certificate in app.certificates)
    for app in (*EVERYDAY, *SIDELOADED):
        assert f"'{app.package}'" not in feeds
        assert f" {app.package}\n" not in feeds
        assert not any(certificate in feeds for certificate in app.certificates)
