"""The connectors' pages: what each person may see and do, strangers and forged forms."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from tests.connectors.pages.addresses import (
    ACTS,
    CONNECTION,
    GROUPS,
    INTUNE,
    PAGES,
    ROOT,
    TABS,
)
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text

from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.foundation import database

ELSEWHERE = (f"{ROOT}registration/", f"{ROOT}deliveries/")
"""Pages of the console and of deliveries, which have their own tests of access."""


def test_every_address_of_the_connectors_is_in_the_lists_of_these_tests() -> None:
    known = {re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", path) for path in [*PAGES, *ACTS]}
    found = {
        re.sub(r"<[^>]*>", "*", f"/{path}".replace("<slug:way>", "phones"))
        for path in routes("system/connectors/")
    }
    elsewhere = {path for path in found if path.startswith(ELSEWHERE)}
    assert all(any(path.startswith(start) for path in elsewhere) for start in ELSEWHERE), "pages moved"
    assert found - known - elsewhere == {
        f"{INTUNE}enrollment/search",
        f"{INTUNE}enrollment/*/inside",
        f"{GROUPS}search",
    }


def routes(prefix: str) -> Iterator[str]:
    def walk(patterns: Any, before: str) -> Iterator[str]:
        for pattern in patterns:
            path = f"{before}{pattern.pattern}"
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, path)
            else:
                yield path

    return (path for path in walk(get_resolver().url_patterns, "") if path.startswith(prefix))


@pytest.mark.parametrize("path", PAGES)
def test_an_owner_sees_each_page(owner: Member, path: str) -> None:
    assert owner.get(path).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, f"{INTUNE}enrollment/search"])
def test_restricted_access_is_told_why_not(scene: Scene, path: str) -> None:
    page = sign_in(scene.world, "restricted").get(path)
    assert page.status_code == 403
    assert "does not include the module “Connectors”" in text(page)


@pytest.mark.parametrize("path", ACTS)
def test_restricted_access_can_do_nothing(ready: Scene, path: str) -> None:
    before = ready.actions()
    assert sign_in(ready.world, "restricted").post(path, **CONNECTION).status_code == 403
    assert [name for name in ready.actions() if name not in before] in ([], ["administrator.signed_in"])


@pytest.mark.parametrize("path", [*PAGES, f"{INTUNE}enrollment/search"])
def test_nobody_is_sent_to_sign_in_and_back(path: str) -> None:
    page = Client().get(path)
    assert page.status_code == 302
    assert page["Location"].startswith("/signin?next=%2Fsystem%2Fconnectors%2F")


@pytest.mark.parametrize("path", ACTS)
def test_a_form_from_nowhere_is_refused(owner: Member, path: str) -> None:
    """Without the token of the form: somebody else's page made the browser send it."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.client.cookies
    assert strict.post(path, CONNECTION).status_code == 403


def test_a_stranger_sees_and_changes_only_their_own(ready: Scene, new_scene: Callable[[], Scene]) -> None:
    stranger = sign_in(new_scene().world, "full", "stranger")
    error = errors.record(ready.tenant_id, "intune", Problem("poll", "secret_code", "Secret trouble."))
    group = ready.group("Company Phones")["id"]
    for path in [*TABS, ROOT]:
        page = text(stranger.get(path))
        for secret in ("Company Phones", group, "Secret trouble", *[d.display_name for d in ready.devices()]):
            assert secret not in page
    assert stranger.post(f"{INTUNE}errors/{error.pk}/acknowledge").status_code == 404
    assert ready.errors(code="secret_code")[0].acknowledged_at is None
    assert stranger.get(f"{INTUNE}enrollment/{group}/inside").status_code == 404
    assert stranger.get(f"{INTUNE}enrollment/{group}/remove").status_code == 404
    assert stranger.post(f"{INTUNE}enrollment/{group}/remove").status_code == 404
    with database.tenant(ready.tenant_id):
        assert EnrollmentGroup.objects.count() == 1
    found = stranger.post(f"{INTUNE}enrollment/add", object_id=group)
    assert found.status_code == 422
    assert "no group with this object ID" in text(found)


def test_a_group_of_another_tenant_cannot_be_found(ready: Scene, new_scene: Callable[[], Scene]) -> None:
    other = new_scene()
    other.lab.post(f"{other.path}/groups", {"display_name": "Only Theirs"})
    member = sign_in(ready.world, "full")
    assert "Only Theirs" not in text(member.get(f"{INTUNE}enrollment/search", name="only"))
    assert "No such group" in text(member.post(f"{INTUNE}enrollment/add", name="Only Theirs"))
