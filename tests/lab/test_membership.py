"""Conditional access by user group, whole: membership written through Graph, in time or late (microsoft.md 4.7)."""

from typing import Any

import pytest
from tests.lab.conftest import App
from tests.support.lab_scene import Scene


class Quarantine:
    """A group that an application keeps, a rule that blocks who is in it, and one person."""

    def __init__(self, app: App) -> None:
        app.consent(
            "GroupMember.Read.All", "GroupMember.ReadWrite.All", "User.Read.All", "Device.ReadWrite.All"
        )
        self.app, self.scene = app, Scene(app.lab)
        made = app.lab.post(f"/tenants/{app.tid}/groups", {"display_name": "MTD quarantine"})
        self.path = f"/groups/{made['id']}/members"
        self.person = str(
            app.get("/users", filter=f"userPrincipalName eq '{self.scene.upn}'")["value"][0]["id"]
        )
        self.scene.policy(
            all_users="", include_groups=[made["id"]], include_platforms=[], filter_mode="", filter_rule=""
        )

    def add(self) -> int:
        address = f"https://graph.microsoft.com/v1.0/directoryObjects/{self.person}"
        return self.app.call("POST", f"{self.path}/$ref", json={"@odata.id": address}).status_code

    def remove(self) -> int:
        return self.app.call("DELETE", f"{self.path}/{self.person}/$ref").status_code

    def listed(self) -> bool:
        return self.person in {row["id"] for row in self.app.get(self.path)["value"]}

    def lets_in(self, **how: Any) -> bool:
        return bool(self.scene.decide(**how)["allowed"])


@pytest.fixture
def quarantine(app: App) -> Quarantine:
    return Quarantine(app)


def test_who_is_in_the_group_is_blocked_everywhere_and_let_in_again(quarantine: Quarantine) -> None:
    assert quarantine.lets_in()
    assert quarantine.add() == 204
    assert quarantine.scene.decide()["error_code"] == 53003
    assert not quarantine.lets_in(client="browser", device_id=None, platform="windows"), (
        "the person, not the phone"
    )
    assert quarantine.add() == 400, "a member already"
    assert quarantine.remove() == 204
    assert quarantine.lets_in()
    assert quarantine.remove() == 404


def test_a_late_membership_is_listed_at_once_and_counts_later(quarantine: Quarantine) -> None:
    lab = quarantine.app.lab
    lab.post("/switches", {"membership_delay_seconds": 300})
    quarantine.add()
    assert quarantine.listed()
    assert quarantine.lets_in()
    lab.post("/clock", {"offset_seconds": 400})
    assert not quarantine.lets_in()
    quarantine.remove()
    assert not quarantine.listed()
    assert not quarantine.lets_in(), "late on the way out too"
    lab.post("/clock", {"offset_seconds": 800})
    assert quarantine.lets_in()


def test_in_and_out_again_before_it_counted_is_never_felt(quarantine: Quarantine) -> None:
    lab = quarantine.app.lab
    lab.post("/switches", {"membership_delay_seconds": 300})
    quarantine.add()
    quarantine.remove()
    assert quarantine.lets_in()
    lab.post("/clock", {"offset_seconds": 400})
    assert quarantine.lets_in()


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        ({"group_types": ["DynamicMembership"]}, 400, "dynamic membership"),
        ({"on_premises_sync_enabled": True}, 400, "on-premises mastered"),
        ({"mail_enabled": True}, 400, "mail-enabled security group"),
        ({"is_assignable_to_role": True}, 403, "Insufficient privileges"),
    ],
    ids=["dynamic", "synced", "mail", "role"],
)
def test_groups_whose_members_somebody_else_decides_are_refused(
    quarantine: Quarantine, kind: dict[str, Any], status: int, message: str
) -> None:
    app = quarantine.app
    made = app.lab.post(f"/tenants/{app.tid}/groups", {"display_name": "Not ours", **kind})
    quarantine.path = f"/groups/{made['id']}/members"
    address = f"https://graph.microsoft.com/v1.0/directoryObjects/{quarantine.person}"
    answer = app.call("POST", f"{quarantine.path}/$ref", json={"@odata.id": address})
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]
    synced = app.get(f"/groups/{made['id']}", select="onPremisesSyncEnabled")["onPremisesSyncEnabled"]
    assert synced == kind.get("on_premises_sync_enabled")
