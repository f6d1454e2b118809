# ruff: noqa: INP001 - a script, not a package
"""Collect the texts of code and templates into the `.po` files: `python scripts/messages.py [language …]`.

Needs xgettext (Debian package gettext). Run it from anywhere; then fill in what is empty and compile with
`python -m vedette.web.translations`. No line numbers and no date are written, so a change shows only what changed.
"""

import os
import re
import sys
from pathlib import Path

import django
import polib
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages

SOURCE = Path(__file__).resolve().parents[1] / "src" / "vedette"
LOCALE = SOURCE / "locale"


def tidy(path: Path) -> None:
    """Give the file a plain header and drop texts that are gone."""
    catalogue = polib.pofile(str(path), wrapwidth=100)
    catalogue.header = ""
    catalogue.metadata_is_fuzzy = False
    catalogue.metadata = {
        "Project-Id-Version": "vedette",
        "Language": path.parent.parent.name,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": catalogue.metadata["Plural-Forms"],
    }
    for entry in catalogue.obsolete_entries():
        catalogue.remove(entry)
    catalogue.sort(key=lambda entry: (entry.occurrences, entry.msgid))
    catalogue.save()


class Collect(makemessages.Command):
    """Leave a new text empty: what msgmerge guesses by likeness is mostly wrong and then overlooked."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]


def main() -> None:
    """Collect for the languages given, else for all that have a folder."""
    languages = sys.argv[1:] or [
        path.name for path in LOCALE.iterdir() if re.fullmatch("[a-z]{2}", path.name)
    ]
    settings.configure(USE_I18N=True)
    django.setup()
    os.chdir(SOURCE)
    LOCALE.mkdir(exist_ok=True)
    call_command(
        Collect(), locale=languages, no_wrap=True, add_location="file", ignore_patterns=["*styleguide*"]
    )
    for language in languages:
        tidy(LOCALE / language / "LC_MESSAGES" / "django.po")


if __name__ == "__main__":
    main()
