"""Facts of phones for tests: a fine Android, a fine iPhone, and changes to them."""

from typing import Any

import msgspec

from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, Posture

SHA = "ab" * 32
SIGNER = "cd" * 20

STORE_APP = App(
    package="com.example.notes",
    name="Notes",
    installer="com.android.vending",
    sha256="11" * 32,
    certificates=["22" * 32],
)
ANDROID = Facts(
    device=DeviceFacts(
        platform="ANDROID",
        manufacturer="Example",
        model="Phone 1",
        os_version="15",
        security_patch="2026-09-05",
        build_type="user",
        build_tags="release-keys",
    ),
    agent=AgentFacts(version="1.0"),
    posture=Posture(
        root=False, debug_build=False, encrypted=True, screen_lock=True, developer_options=False, adb=False
    ),
    apps=[STORE_APP],
    apps_complete=True,
)
IPHONE = Facts(
    device=DeviceFacts(platform="IOS", manufacturer="Apple", model="iPhone17,1", os_version="18.6"),
    agent=AgentFacts(version="1.0"),
    posture=Posture(root=False, screen_lock=True),
)


def posture(**changes: Any) -> Facts:
    """The fine Android with another posture."""
    return msgspec.structs.replace(ANDROID, posture=msgspec.structs.replace(ANDROID.posture, **changes))


def device(**changes: Any) -> Facts:
    """The fine Android with another device."""
    return msgspec.structs.replace(ANDROID, device=msgspec.structs.replace(ANDROID.device, **changes))


def apps(*extra: App, complete: bool = True) -> Facts:
    """The fine Android with more applications."""
    return msgspec.structs.replace(ANDROID, apps=[STORE_APP, *extra], apps_complete=complete)
