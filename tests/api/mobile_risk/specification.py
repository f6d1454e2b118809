"""The published specification of version 2 as a judge of answers: types, references, vocabularies, unknown members.

Vocabularies stand in it as `oneof=A B C` in descriptions. `OURS` are the members that we add, and values that real
events carry although the text forgot them (reference/lookout.md 1.4, 2.3).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OURS = {
    "models.Audit": {"action"},
    "models.ThreatChange": {"device"},
    "models.Status": {"checkin_time"},
    "DeviceForThreat": {"platform"},
}
FORGOTTEN = {"ADVISORY", "DELETED", "SMISHING_ALERT"}
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Specification:
    def __init__(self, folder: Path) -> None:
        self.document: dict[str, Any] = json.loads(
            (folder / "specs/lookout/mobile-risk-api-v2.swagger.json").read_text()
        )

    def faults(self, definition: str, value: Any) -> list[str]:
        """What is wrong with a value; `definition` is a name under `definitions`."""
        return list(self._faults({"$ref": f"#/definitions/{definition}"}, value, definition))

    def answer(self, path: str, status: int) -> str:
        """The name of the definition of an answer."""
        reference: str = self.document["paths"][path]["get"]["responses"][str(status)]["schema"]["$ref"]
        return reference.rpartition("/")[2]

    def paths(self) -> list[str]:
        return [path for path, methods in self.document["paths"].items() if "get" in methods]

    def choices(self, path: str) -> Iterator[tuple[str, str]]:
        """Every parameter with every value that the specification names for it."""
        for parameter in self.document["paths"][path]["get"]["parameters"]:
            for value in parameter.get("enum", []):
                yield parameter["name"], str(value)

    def _faults(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            schema = self.document["definitions"][name]
        kind = schema.get("type", "object")
        if type(value) not in KINDS[kind] or (kind == "integer" and isinstance(value, bool)):
            yield f"{at}: {value!r} is no {kind}"
            return
        words = re.search(r"oneof=\s*([A-Z_\s]+)", schema.get("description", ""))
        if words and kind == "string" and value not in {*words[1].split(), *FORGOTTEN}:
            yield f"{at}: {value!r} is none of {words[1]}"
        if kind == "array":
            inner = {"description": schema.get("description", ""), **schema["items"]}
            for index, item in enumerate(value):
                yield from self._faults(inner, item, f"{at}[{index}]")
        if kind == "object":
            yield from self._members(name, schema.get("properties", {}), value, at)

    def _members(self, name: str, known: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
        for key, item in value.items():
            if key in known:
                yield from self._faults(known[key], item, f"{at}.{key}")
            elif key not in OURS.get(name, set()):
                yield f"{at}: {key} is not in {name}"
