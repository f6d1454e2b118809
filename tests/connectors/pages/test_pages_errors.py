"""The tab Error management: errors now and past, recipients, acknowledging."""

import pytest
from tests.connectors.pages.addresses import INTUNE, TABS
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text

from vedette.connectors import errors
from vedette.connectors.errors import Advice, Problem


def test_errors_now_and_past_with_what_to_do(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    assert "No errors now" in text(owner.get(TABS["errors"]))
    advice = Advice("The flux is <low>.", "Raise it.")
    error = errors.record(
        ready.tenant_id, "intune", Problem("poll", "flux", "Graph: 500 flux: 100 % off", advice)
    )
    page = text(owner.get(TABS["errors"]))
    for words in (
        "Errors now",
        "The flux is &lt;low&gt;.",
        "Raise it.",
        "100 % off",
        "Reading the directory",
    ):
        assert words in page
    assert "Past errors" not in page
    assert "Acknowledged" in text(owner.follow(f"{INTUNE}errors/{error.pk}/acknowledge"))
    errors.passed(ready.tenant_id, "intune", "poll")
    page = text(owner.get(TABS["errors"]))
    assert "No errors now" in page
    assert "Past errors" in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ops@example.test", ["ops@example.test"]),
        ("a@example.test; b@example.test\nA@example.test b@example.test", None),
        ("", []),
    ],
)
def test_recipients_of_errors(scene: Scene, owner: Member, typed: str, kept: list[str] | None) -> None:
    page = text(owner.follow(TABS["errors"], error_emails=typed))
    assert "Your changes are saved" in page
    assert scene.connector().error_emails == (
        kept if kept is not None else ["a@example.test", "b@example.test", "A@example.test"]
    )
    assert ("go to the primary contact" in page) == (kept == [])


@pytest.mark.parametrize("typed", ["the team next door", "a@b", "a@example.test, nobody", "x" * 4001])
def test_what_is_no_address_is_refused(scene: Scene, owner: Member, typed: str) -> None:
    page = text(owner.post(TABS["errors"], error_emails=typed))
    assert "v-error" in page
    assert scene.connector().error_emails == []


def test_acknowledging_is_by_the_person_who_did_it(ready: Scene) -> None:
    error = errors.record(ready.tenant_id, "intune", Problem("poll", "flux", "It broke."))
    member = sign_in(ready.world, "full", "vera")
    member.post(f"{INTUNE}errors/{error.pk}/acknowledge")
    assert ready.errors(code="flux")[0].acknowledged_by == member.administrator.upn
