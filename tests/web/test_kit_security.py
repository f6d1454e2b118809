from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from lxml import html
from tests.web.conftest import serving

import vedette.web
from vedette.web import security

TEMPLATES = Path(vedette.web.__file__).parent.parent


def policy_of(response: httpx.Response) -> dict[str, str]:
    rules = response.headers["content-security-policy"].split("; ")
    return dict(rule.split(" ", 1) for rule in rules)


@pytest.mark.parametrize(
    "path", ["/styleguide", "/styleguide/error", "/nowhere", "/crash", "/static/web/vedette.css"]
)
def test_every_answer_carries_the_headers(site: str, path: str) -> None:
    response = httpx.get(site + path)
    rules = policy_of(response)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in response.headers["permissions-policy"]
    assert "strict-transport-security" not in response.headers


def test_forms_may_end_at_the_sign_in_service_and_nowhere_else() -> None:
    assert "form-action 'self' https://login.example;" in security.policy("https://login.example")


def test_pages_are_not_kept_but_files_are(site: str) -> None:
    assert httpx.get(f"{site}/styleguide").headers["cache-control"] == "no-store"
    assert "no-store" not in httpx.get(f"{site}/static/web/vedette.js").headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/styleguide", "/styleguide/plain", "/styleguide/error", "/styleguide/confirm"]
)
def test_no_page_needs_what_the_policy_forbids(site: str, path: str) -> None:
    page = html.fromstring(httpx.get(site + path).text)
    assert page.xpath("//@style") == []
    assert page.xpath("//style") == []
    assert page.xpath("//script[not(@src) and not(@type='application/json')]") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []


# mail programs know no style sheets: messages style inline
@pytest.mark.parametrize(
    "template",
    sorted(path for path in TEMPLATES.rglob("templates/**/*.html") if "mail" not in path.parts),
    ids=lambda path: path.name,
)
def test_no_template_of_the_console_styles_inline(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert ' style="' not in text
    assert " onclick=" not in text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Nothing is here"),
        ("/crash", 500, "Something went wrong on our side"),
        ("/styleguide/error", 403, "Ask a full administrator"),
    ],
)
def test_errors_say_what_to_do(site: str, path: str, status: int, words: str) -> None:
    response = httpx.get(site + path, headers={"Accept-Language": "en"})
    assert response.status_code == status
    assert words in response.text
    assert "What to do" in response.text
    assert "Traceback" not in response.text


def test_a_form_without_its_secret_is_refused_with_words(site: str) -> None:
    response = httpx.post(f"{site}/appearance", data={"theme": "dark"}, headers={"Accept-Language": "fr"})
    assert response.status_code == 403
    assert "Ce formulaire a expiré" in response.text


@pytest.mark.parametrize(
    ("fields", "location", "cookies"),
    [
        ({"theme": "dark", "next": "/styleguide?x=1"}, "/styleguide?x=1", {"vedette_theme": "dark"}),
        ({"language": "fr", "next": "https://elsewhere.example/"}, "/", {"vedette_language": "fr"}),
        ({"theme": "pink", "language": "xx", "next": "//elsewhere.example"}, "/", {}),
    ],
)
def test_appearance_keeps_only_what_it_knows(
    site: str, fields: dict[str, str], location: str, cookies: dict[str, str]
) -> None:
    with httpx.Client(base_url=site) as client:
        page = html.document_fromstring(client.get("/styleguide").text)
        token = str(page.xpath("string(//input[@name='csrfmiddlewaretoken']/@value)"))
        answer = client.post("/appearance", data={**fields, "csrfmiddlewaretoken": token})
        assert answer.headers["location"] == location
        set_now = {name: value for name, value in answer.cookies.items() if name.startswith("vedette_")}
        assert set_now == cookies


def test_the_style_guide_is_hidden_outside_a_demo(tmp_path: Path) -> None:
    with serving(tmp_path, demo=False) as address:
        assert httpx.get(f"{address}/styleguide").status_code == 404
