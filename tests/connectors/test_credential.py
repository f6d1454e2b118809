"""The application's credential: shown with its end, and told 30, 7 and 1 days before, once each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.connectors.scene import Scene
from tests.support.microsoft import PERMISSIONS

from vedette.connectors.intune import application, readings
from vedette.foundation import config, credential
from vedette.foundation.config import ConfigError
from vedette.foundation.graph import Graph
from vedette.project import doctor

SECRET = "abc-a-secret-of-the-tests"


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.fixture
def with_secret(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The product proves itself with a secret, whose end is set or not."""
    rows = [
        {"value": SECRET, "expires": in_days(100).isoformat()},
        {"value": "xyz", "expires": in_days(3).isoformat()},
    ]
    scene.microsoft.change_app(secrets=rows)
    monkeypatch.delenv("VEDETTE_CLIENT_CERTIFICATE")
    monkeypatch.setenv("VEDETTE_CLIENT_SECRET", SECRET)

    def ends(moment: datetime | None) -> None:
        if moment is None:
            monkeypatch.delenv("VEDETTE_CLIENT_SECRET_EXPIRES", raising=False)
        else:
            monkeypatch.setenv("VEDETTE_CLIENT_SECRET_EXPIRES", moment.date().isoformat())
        config.current.cache_clear()

    ends(None)
    yield ends
    scene.microsoft.change_app(secrets=[])


def look(scene: Scene) -> dict[str, Any]:
    known = readings.read(scene.tenant_id, application.APPLICATION)
    assert not known.problem
    return dict(known.data)


@pytest.mark.parametrize(
    ("days", "mark"),
    [(31, None), (29.9, 30), (7.1, 30), (6.9, 7), (1.1, 7), (0.9, 1), (0.001, 1), (-0.001, 0), (-400, 0)],
)
def test_marks(days: float, mark: int | None) -> None:
    assert credential.warning(in_days(days)) == mark


def test_a_certificate_says_its_end_itself(scene: Scene) -> None:
    since = scene.mark()
    found = look(scene)
    ends = application.ends(found)
    assert ends is not None
    assert (found["kind"], credential.days_left(ends) in {29, 30}) == ("certificate", True)
    assert scene.requests("GET", since=since) == [], "nothing has to be asked for it"


def test_each_mark_is_mailed_once_and_a_new_secret_ends_it(scene: Scene, with_secret: Any) -> None:
    for days, mails in ((90, 0), (20, 1), (20, 1), (5, 2), (5, 2), (1, 3), (-1, 4), (-1, 4), (300, 4)):
        with_secret(in_days(days))
        look(scene)
        scene.send_mail()
        assert len(scene.mails()) == mails, days
    assert scene.errors(source="credential", resolved_at=None) == []
    told = scene.mails()[0]
    assert in_days(20).date().isoformat() in told["text"]
    assert "Certificates & secrets" in told["text"]


def test_a_secrets_end_is_read_from_the_registration_where_that_is_permitted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = in_days(100)
    body = {
        "display_name": "Vedette by secret",
        "home_tenant": str(scene.organisation.id),
        "permissions": [*PERMISSIONS, "Application.Read.All"],
        "secret": SECRET,
        "secret_expires": ends.isoformat(),
    }
    client_id = scene.lab.post("/apps", body)["client_id"]
    scene.lab.post(f"{scene.path}/consents", {"client_id": client_id})
    monkeypatch.delenv("VEDETTE_CLIENT_CERTIFICATE")
    monkeypatch.setenv("VEDETTE_CLIENT_ID", client_id)
    monkeypatch.setenv("VEDETTE_CLIENT_SECRET", SECRET)
    config.current.cache_clear()
    found = look(scene)
    assert found["source"] == "registration"
    assert str(found["expires"])[:16] == ends.isoformat()[:16]
    scene.lab.post(f"{scene.path}/consents", {"client_id": client_id, "permissions": PERMISSIONS})
    Graph(scene.organisation.id).fresh_token()
    assert application.ends(look(scene)) is None, "not permitted is not known, not an error"


@pytest.mark.parametrize(("days", "ok"), [(90, True), (20, False), (-3, False)])
def test_the_doctor_says_it_too(scene: Scene, with_secret: Any, days: int, ok: bool) -> None:
    assert scene
    with_secret(in_days(days))
    found = doctor._credentials(config.current())
    assert found.ok is ok
    assert in_days(days).date().isoformat() in found.what


def test_an_end_that_is_no_day_is_refused() -> None:
    with pytest.raises(ConfigError, match="2027-03-31"):
        config.load({"VEDETTE_CLIENT_SECRET_EXPIRES": "soon"})
