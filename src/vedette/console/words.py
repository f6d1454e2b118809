"""Words of the classifications in the reader's language."""

from django.utils import translation

from vedette.verdict.classifications import CLASSIFICATIONS, Text

ENGLISH = "en"


def text_of(code: str) -> Text:
    """Return title, description and mend of a classification; unknown codes are an error of ours (KeyError)."""
    texts = CLASSIFICATIONS[code].text
    return texts.get((translation.get_language() or ENGLISH)[:2], texts[ENGLISH])
