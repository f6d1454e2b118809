"""YAML into texts, lists and maps, one event at a time.

The loaders of the library call themselves for each level, in C: fifty thousand nested lists in a feed end the
process. And they follow aliases, so that a few lines stand for more items than a computer has memory.
"""

from typing import Any, Final

import yaml

DEEPEST: Final = 32
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class YamlError(ValueError):
    """A text that is no YAML, or goes beyond the limits; the message says where."""


def load_yaml(text: str | bytes) -> Any:
    """Give the first document: texts, lists and maps with texts as keys; None for an empty one. Raises YamlError.

    Everything is a text: a hash that looks like a number stays as it was written. Of a key said twice the last counts.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            builder.take(event)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise YamlError(" ".join(str(error).split())[:300]) from None
    return builder.root


class _Builder:
    """The value so far: a stack of open lists and maps, and for each open map the key that waits for its value."""

    def __init__(self) -> None:
        self.root: Any = None
        self.stack: list[list[Any] | dict[str, Any]] = []
        self.keys: list[str | None] = []

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._put(event.value)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([])
        elif isinstance(event, yaml.MappingStartEvent):
            self._open({})
        elif isinstance(event, yaml.AliasEvent):
            raise YamlError("references from one part to another (`*name`) are not read")
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self.stack.pop()
            self.keys.pop()

    def _open(self, container: list[Any] | dict[str, Any]) -> None:
        if len(self.stack) >= DEEPEST:
            raise YamlError(f"nested more than {DEEPEST} deep")
        self._put(container)
        self.stack.append(container)
        self.keys.append(None)

    def _put(self, value: Any) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top, list):
            top.append(value)
        elif self.keys[-1] is None:
            if not isinstance(value, str):
                raise YamlError("a name in a map must be a text")
            self.keys[-1] = value
        else:
            top[self.keys[-1]] = value
            self.keys[-1] = None
