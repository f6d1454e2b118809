"""The tab Unsupported devices."""

from tests.connectors.pages.addresses import TABS
from tests.connectors.scene import Scene
from tests.support.console import sign_in, text


def test_unsupported_devices_are_searched_filtered_and_explained(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    page = text(owner.get(TABS["unsupported"]))
    assert "Operating system too old" in page
    assert "Enroll it in Intune, or protect every registered device" in page
    only = text(owner.get(TABS["unsupported"], reason="os_too_old"))
    assert "Enroll it in Intune" not in only
    assert "Nothing matches" in text(owner.get(TABS["unsupported"], q="no such phone"))
    assert (
        owner.get(TABS["unsupported"], sort="nonsense", page="-3", reason="?", q="%_\0'").status_code == 200
    )
