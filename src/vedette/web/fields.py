"""Form fields dressed for the page: classes, and help and error tied to the input for screen readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

CHECKS: Final = (forms.CheckboxInput,)
GROUPS: Final = (forms.RadioSelect, forms.CheckboxSelectMultiple)
CSS: Final[tuple[tuple[type[forms.Widget], str], ...]] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.FileInput, "form-control"),
    (forms.Textarea, "form-control"),
)


@dataclass(frozen=True)
class Dressed:
    """A bound field ready for field.html."""

    bound: BoundField
    html: SafeString
    is_switch: bool
    is_group: bool
    is_hidden: bool
    help_id: str
    error_id: str


def describe(bound: BoundField, *, extra_help: bool = False) -> Dressed:
    """Render the widget with its classes and the ids of help and error texts."""
    help_id, error_id = f"{bound.auto_id}_help", f"{bound.auto_id}_error"
    widget = bound.field.widget
    is_group = isinstance(widget, GROUPS)
    attrs: dict[str, Any] = {"class": css(bound)}
    described = [help_id] if bound.help_text or extra_help else []
    if bound.errors:
        described.insert(0, error_id)
        attrs["aria-invalid"] = "true"
    if described and not is_group:
        attrs["aria-describedby"] = " ".join(described)
    if is_group:
        # each option is drawn by itself from the widget's own attributes
        widget.attrs["class"] = attrs["class"]
    html = bound.as_widget(attrs=attrs)
    is_switch = isinstance(widget, CHECKS)
    return Dressed(bound, html, is_switch, is_group, bound.is_hidden, help_id, error_id)


def css(bound: BoundField) -> str:
    """Return the classes of the input."""
    widget = bound.field.widget
    kind = next((name for known, name in CSS if isinstance(widget, known)), "form-control")
    own = str(widget.attrs.get("class", ""))
    return " ".join(part for part in (kind, own, "is-invalid" if bound.errors else "") if part)
