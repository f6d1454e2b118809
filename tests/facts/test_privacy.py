"""What leaves a phone and what is kept of it, by choice of the organisation."""

from typing import Any

import hypothesis
from hypothesis import strategies as st

from vedette_facts.network import Network
from vedette_facts.privacy import APP_NAMES, Applications, Collect, kept, withheld
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts
from vedette_facts.settings import Settings

PACKAGES = ("com.example.mail", "org.example.diary", "com.example.bad")
HASHED = "ab" * 32


def phone(**more: Any) -> Facts:
    given: dict[str, Any] = {
        "device": DeviceFacts(platform="ANDROID", manufacturer="Google", model="Pixel 8", os_version="15"),
        "agent": AgentFacts(version="1.0.0"),
        "apps": [App(package=package) for package in PACKAGES],
        "apps_complete": True,
        "settings": Settings(
            accessibility_services=["com.example.bad/.Service", "org.example.diary/.Reader"],
            default_sms="com.example.mail",
            selinux="enforcing",
        ),
    }
    return Facts(**(given | more))


def test_everything_is_kept_where_the_organisation_keeps_it() -> None:
    facts = phone()
    assert withheld(facts, Collect()) == kept(facts, Collect(), ()) == facts


def test_of_a_matched_inventory_only_what_a_finding_names_is_kept() -> None:
    less = kept(phone(), Collect(applications="matched"), {"com.example.bad"})
    assert [app.package for app in less.apps or ()] == ["com.example.bad"]
    assert not less.apps_complete
    assert less.settings == Settings(accessibility_services=["com.example.bad/.Service"], selinux="enforcing")


def test_a_phone_that_is_asked_for_no_applications_sends_none() -> None:
    less = withheld(phone(), Collect(applications="none"))
    assert (less.apps, less.apps_complete) == (None, False)
    assert less.settings == Settings(selinux="enforcing")


def test_names_of_networks_stay_unless_they_are_asked_for() -> None:
    facts = phone(network=Network(kind="wifi", ssid="Home of Ada", bssid=HASHED))
    without = withheld(facts, Collect())
    assert without.network == Network(kind="wifi", bssid=HASHED)
    assert withheld(facts, Collect(network_names=True)) == facts


@hypothesis.given(
    applications=st.sampled_from(["kept", "matched", "none"]),
    names=st.booleans(),
    named=st.frozensets(st.sampled_from(PACKAGES)),
)
def test_keeping_twice_keeps_the_same_and_names_nobody_else(
    applications: Applications, names: bool, named: frozenset[str]
) -> None:
    collect = Collect(applications=applications, network_names=names)
    once = kept(phone(), collect, named)
    assert kept(once, collect, named) == once
    if applications != "kept":
        assert {app.package for app in once.apps or ()} <= named
        told = [value for name in APP_NAMES if (value := getattr(once.settings, name))]
        flat = [part for value in told for part in ([value] if isinstance(value, str) else value)]
        assert {part.partition("/")[0] for part in flat} <= named
