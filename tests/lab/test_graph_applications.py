"""The application's registration: only for who may read it, in Graph's shape, without its secrets."""

from pathlib import Path

from tests.lab.conftest import App
from tests.lab.test_graph_conformance import Metadata


def test_registrations_have_graphs_shape_and_show_no_secret(app: App, shared_dir: Path) -> None:
    app.consent("Application.Read.All")
    rows = app.get("/applications")["value"]
    assert rows
    metadata = Metadata(shared_dir / "specs/graph")
    assert [fault for row in rows for fault in metadata.complaints(row, "application")] == []
    assert all(each["secretText"] is None for row in rows for each in row["passwordCredentials"])
