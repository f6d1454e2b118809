"""The matrix of reference/lookout.md 1.6 for the two levels of B1."""

import pytest

from vedette.tenants import matrix
from vedette.tenants.matrix import Level, Module, Right


@pytest.mark.parametrize("module", matrix.MATRIX)
def test_full_access_is_everything(module: Module) -> None:
    assert matrix.allows("full", module, "modify")


@pytest.mark.parametrize(
    ("module", "best"),
    [
        ("dashboard", "modify"),
        ("threats", "modify"),
        ("devices", "modify"),
        ("scans", "none"),
        ("policy", "view"),
        ("account", "view"),
        ("admins", "view"),
        ("device_groups", "view"),
        ("connectors", "none"),
        ("enrollment", "none"),
        ("application_keys", "none"),
        ("audit", "modify"),
        ("preferences", "modify"),
    ],
)
def test_restricted_access_is_the_matrix(module: Module, best: Right) -> None:
    order: list[Right] = ["none", "view", "modify"]
    for right in order:
        allowed = order.index(right) <= order.index(best)
        assert matrix.allows("restricted", module, right) is allowed


def test_each_module_has_a_right_for_each_level() -> None:
    levels: set[Level] = {"full", "restricted"}
    assert all(set(rights) == levels for rights in matrix.MATRIX.values())
