"""The lab as Microsoft, a consented organisation in it with phones, and the connectors of a real database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import override_settings
from tests.connectors.scene import Scene, make_scene
from tests.connectors.stages import Stages, asked_for
from tests.support.database import Database
from tests.support.lab import start_lab
from tests.support.microsoft import PERMISSIONS, PUBLIC, Microsoft, register
from tests.support.scenes import Scenes

from vedette.foundation import config

PARTNER = ["update_device_health", "Application.Read.All"]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsoft]:
    """The lab of this run, with our application; tests take `microsoft`."""
    with start_lab(tmp_path_factory.mktemp("lab"), phones=10) as lab:
        made = register(lab)
        made.change_app(permissions=[*PERMISSIONS, *PARTNER])
        yield made


@pytest.fixture
def microsoft(db: Database, cloud: Microsoft, tmp_path: Path) -> Iterator[Microsoft]:
    """The product on an empty database with the lab as its Microsoft and its mail server."""
    assert db.name
    environment = {
        "VEDETTE_PUBLIC_URL": PUBLIC,
        "VEDETTE_LOGIN_URL": cloud.lab.url,
        "VEDETTE_GRAPH_URL": cloud.lab.url,
        "VEDETTE_CA_FILE": str(cloud.lab.ca_file),
        "VEDETTE_CLIENT_ID": cloud.client_id,
        "VEDETTE_CLIENT_CERTIFICATE": cloud.certificate,
        "VEDETTE_CLIENT_KEY": cloud.key,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        config.current.cache_clear()
        mail = {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": cloud.lab.smtp_port,
        }
        with override_settings(**mail, PUBLIC_URL=PUBLIC, STATIC_ROOT=tmp_path):
            yield cloud
    config.current.cache_clear()
    cloud.lab.delete("/faults")
    cloud.lab.delete("/mail")
    cloud.lab.post("/switches", {"case_sensitive_names": False, "page_size": None})


@pytest.fixture
def new_scene(microsoft: Microsoft) -> Callable[[], Scene]:
    """Makes an organisation of its own: 8 people with 15 phones, consented, nothing set up yet."""
    return lambda: make_scene(microsoft, f"Org{uuid4().hex[:10]}")


@pytest.fixture(scope="session")
def stages(cloud: Microsoft, scenes: Scenes) -> Stages:
    return Stages(cloud, scenes)


@pytest.fixture
def scene(microsoft: Microsoft, stages: Stages, request: pytest.FixtureRequest) -> Scene:
    """An organisation as it is when nothing is set up yet, or at the stage that the test asks for by name."""
    assert microsoft.lab is stages.microsoft.lab
    return stages.give(asked_for(request.fixturenames))


# Each is the scene of its stage (tests/connectors/stages.py).


@pytest.fixture
def watched(scene: Scene) -> Scene:
    return scene


@pytest.fixture
def grouped(scene: Scene) -> Scene:
    return scene


@pytest.fixture
def enrolled(scene: Scene) -> Scene:
    return scene
