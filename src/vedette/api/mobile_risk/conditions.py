"""Conditions of a query, collected with their parameters. The SQL is ours alone; what callers send is a parameter."""

import datetime as dt
from typing import Any
from uuid import UUID

from vedette.api.mobile_risk.parameters import Choice


class Conditions:
    """Grows a `where`: each method adds nothing when its value is None."""

    def __init__(self, tenant_id: UUID) -> None:
        self.parameters: dict[str, Any] = {"tenant": tenant_id}
        self._parts: list[str] = []

    def add(self, sql: str, value: Any) -> None:
        """Add a condition with one parameter, which stands as `{}` in it."""
        if value is None:
            return
        name = f"p{len(self.parameters)}"
        self._parts.append(sql.replace("{}", f"%({name})s"))
        self.parameters[name] = value

    def always(self, sql: str) -> None:
        """Add a condition without parameter."""
        self._parts.append(sql)

    def chosen(self, column: str, choice: Choice | None) -> None:
        """Add that a column has a value, or has not: a row without any value has none of them."""
        if choice is None:
            return
        self.add(f"{column} is distinct from {{}}" if choice.negated else f"{column} = {{}}", choice.value)

    def since(self, column: str, moment: dt.datetime | None) -> None:
        """Add that a time is not before another."""
        self.add(f"{column} >= {{}}", moment)

    def sql(self) -> str:
        """Return the conditions, each behind an `and`."""
        return "".join(f"\n  and {part}" for part in self._parts)


def contains(text: str | None) -> str | None:
    """Return the ILIKE pattern of everything that holds this text."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
