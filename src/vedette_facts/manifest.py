"""What the manifest of an Android application says it may do, and what it was granted."""

from typing import Annotated

import msgspec
from msgspec import Meta

from vedette_facts.fields import Line, Sdk


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one application's manifest; `None` means "not known".

    `requested`: permissions of `uses-permission`, full names. `granted`: those of them in force now; None where
    only the file was read. `guards`: permissions that protect declared services and receivers
    (`android.permission.BIND_ACCESSIBILITY_SERVICE`…): by them the system is let into a component, so they tell what
    the component is. `actions`: intent actions its receivers listen to. `launcher`: whether it shows an icon.
    `hosts`: host names written in the file.
    """

    requested: Annotated[list[Line], Meta(max_length=500)] = []
    granted: Annotated[list[Line], Meta(max_length=500)] | None = None
    guards: Annotated[list[Line], Meta(max_length=100)] = []
    actions: Annotated[list[Line], Meta(max_length=200)] = []
    launcher: bool | None = None
    debuggable: bool | None = None
    cleartext: bool | None = None
    min_sdk: Sdk | None = None
    target_sdk: Sdk | None = None
    hosts: Annotated[list[Line], Meta(max_length=500)] = []
