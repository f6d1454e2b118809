"""Pure: what an Intune record says of a phone, as our facts (microsoft.md 2.2). What is not said is not known."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from vedette_facts.management import ManagedFacts
from vedette_facts.versions import patch_date

# Graph gives `jailBroken` as text, and "Unknown" where Intune could not tell.
_JAILBROKEN: Final = {"true": True, "false": False}
_OWNERSHIP: Final = frozenset({"company", "personal"})
_LONGEST: Final = 64


def facts_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a ManagedFacts that Intune's record fills; empty for a phone that is not in Intune."""
    if not record.get("id"):
        return {}
    patch = patch_date(str(record.get("androidSecurityPatchLevel") or ""))
    owner = str(record.get("managedDeviceOwnerType") or "")
    encrypted = record.get("isEncrypted")
    facts = ManagedFacts(
        os_version=str(record.get("osVersion") or "")[:_LONGEST] or None,
        security_patch=patch.isoformat() if patch else None,
        encrypted=encrypted if isinstance(encrypted, bool) else None,
        jailbroken=_JAILBROKEN.get(str(record.get("jailBroken") or "").lower()),
        ownership=owner if owner in _OWNERSHIP else None,
    )
    # A record that says nothing else still says that the phone is in Intune.
    return {"ownership": "", **msgspec.to_builtins(facts)}
