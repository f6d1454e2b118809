"""What is hashed of a link: the same in every language, so the vectors are part of the protocol."""

import json
from pathlib import Path

import pytest

from vedette_facts.web_protocol import expressions, hash_of

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "link-check-vectors.json"


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text()), ids=lambda vector: vector["link"][:40])
def test_expressions_and_hashes_are_those_of_the_vectors(vector: dict[str, list[dict[str, str]]]) -> None:
    link = vector["link"]
    assert isinstance(link, str)
    found = [
        {"expression": each, "sha256": hash_of(each), "prefix": hash_of(each)[:4]}
        for each in expressions(link)
    ]
    assert found == vector["expressions"]


@pytest.mark.parametrize(
    "link",
    [
        "",
        " ",
        "https://",
        "///?x",
        "https://xn--\u00e9",
        "http://\u00ad/",
        "http://a b/",
        "http://1.2.3.256/",
    ],
)
def test_what_has_no_host_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        expressions(link)
