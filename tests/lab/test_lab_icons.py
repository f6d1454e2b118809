"""A browser asks for an icon wherever a page names none, and prints the 404 that it gets."""

from pathlib import Path

import vedette_lab

TEMPLATES = Path(vedette_lab.__file__).parent / "templates"


def test_every_page_of_the_lab_names_its_icon() -> None:
    heads = {
        path.name: path.read_text() for path in TEMPLATES.rglob("*.html") if "<head>" in path.read_text()
    }
    assert heads
    assert [name for name, text in heads.items() if 'rel="icon"' not in text] == []
