"""Pure: kinds of Entra groups by their properties, who is refused and what is remarked, as tables."""

from typing import Any
from uuid import uuid4

import pytest

from vedette.connectors.entra_groups import Kind, from_graph
from vedette.connectors.intune.group_kinds import hidden_refusal, refusal, remarks

UNIFIED = ["Unified"]


@pytest.mark.parametrize(
    ("security", "mail", "types", "kind", "words"),
    [
        (True, False, [], Kind.SECURITY, ""),
        (True, False, ["DynamicMembership"], Kind.SECURITY, ""),
        (True, True, [], Kind.MAIL_SECURITY, ""),
        (True, True, UNIFIED, Kind.MICROSOFT_365_SECURITY, ""),
        (True, True, ["Unified", "DynamicMembership"], Kind.MICROSOFT_365_SECURITY, ""),
        (False, True, UNIFIED, Kind.MICROSOFT_365, "Microsoft 365 group that is not security-enabled"),
        (False, False, UNIFIED, Kind.MICROSOFT_365, "Microsoft 365 group that is not security-enabled"),
        (False, True, [], Kind.MAILING_LIST, "mailing list (distribution group), not a security group"),
        (False, False, [], Kind.OTHER, "is not a security group"),
        (None, None, None, Kind.OTHER, "is not a security group"),
    ],
)
def test_kind_and_refusal(security: Any, mail: Any, types: Any, kind: Kind, words: str) -> None:
    group = from_graph(
        {
            "id": str(uuid4()),
            "displayName": "Drivers",
            "securityEnabled": security,
            "mailEnabled": mail,
            "groupTypes": types,
        }
    )
    assert group.kind is kind
    assert words in refusal(group)
    assert bool(refusal(group)) == bool(words)
    assert not words or "“Drivers”" in refusal(group)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, []),
        ({"visibility": "Public"}, []),
        ({"isAssignableToRole": False}, []),
        ({"mailEnabled": True}, ["mail-enabled"]),
        ({"mailEnabled": True, "groupTypes": UNIFIED}, ["Microsoft 365"]),
        ({"groupTypes": ["DynamicMembership"]}, ["dynamic"]),
        ({"visibility": "HiddenMembership"}, ["Member.Read.Hidden"]),
        ({"isAssignableToRole": True}, ["Entra roles"]),
        (
            {
                "mailEnabled": True,
                "groupTypes": ["Unified", "DynamicMembership"],
                "visibility": "HiddenMembership",
                "isAssignableToRole": True,
            },
            ["Microsoft 365", "dynamic", "Member.Read.Hidden", "Entra roles"],
        ),
    ],
)
def test_remarks(more: dict[str, Any], words: list[str]) -> None:
    group = from_graph({"id": str(uuid4()), "displayName": "Drivers", "securityEnabled": True, **more})
    found = remarks(group)
    assert len(found) == len(words)
    assert all(word in remark for word, remark in zip(words, found, strict=True))
    assert refusal(group) == ""
    assert "“Drivers”" in hidden_refusal(group)
