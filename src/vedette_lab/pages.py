"""Renders the lab's pages; each area keeps its templates in a folder of its own name."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_HERE = Path(__file__).parent
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
)


def page(template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template of the folder `templates` as a page that no cache keeps."""
    body = _ENVIRONMENT.get_template(template).render(**context)
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})
