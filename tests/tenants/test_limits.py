"""Who is not signed in cannot ask without end (429, in words, with Retry-After)."""

import pytest
from django.test import Client, override_settings
from tests.support.database import Database

from vedette.foundation.rates import Buckets
from vedette.web import limits

PLAIN_STORAGE = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@override_settings(STORAGES=PLAIN_STORAGE)
@pytest.mark.parametrize(
    "path", ["/signin/start", "/signin/callback", "/les", "/consent/callback", "/operator/open/guess"]
)
def test_pages_of_strangers_are_limited_by_address(
    db: Database, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    assert db.name
    monkeypatch.setattr(limits, "STRANGERS", Buckets(per_second=0.01, burst=2))
    client = Client(HTTP_HOST="127.0.0.1:8080")
    assert [client.get(path).status_code == 429 for _ in range(2)] == [False, False]
    answer = client.get(path)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Too many attempts from your network" in answer.content.decode()
    assert client.get(path, REMOTE_ADDR="192.0.2.9").status_code != 429
