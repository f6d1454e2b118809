"""A browser without JavaScript: follows links and redirects, fills forms and submits them (httpx and lxml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx
from lxml import html

MOST_REDIRECTS = 20
# Text, True or False for a tick, a list for several ticks of one name.
Value = str | bool | list[str]


class WalkError(Exception):
    """A page is not what a person would expect there; the message says which and what it showed."""


@dataclass
class Page:
    """One page as it was answered."""

    url: str
    status: int
    document: html.HtmlElement

    @property
    def text(self) -> str:
        """What a person reads, on one line."""
        body = self.document.find("body")
        return " ".join((body if body is not None else self.document).text_content().split())

    def link(self, selector: str) -> str:
        """Address behind a link, chosen by its CSS-like id or XPath. Raises WalkError."""
        found = self.document.xpath(selector)
        if not found:
            raise WalkError(f"no link {selector} on {self.url}: {self.text[:300]}")
        return str(urljoin(self.url, found[0].get("href")))


class Browser:
    """One person's browser: its cookies and the page it shows."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.page: Page | None = None

    def open(self, url: str) -> Page:
        """Open an address and follow where it leads. Raises WalkError for an error page."""
        return self._arrive(self._client.get(url))

    def submit(
        self,
        action: str,
        values: Mapping[str, Value],
        *,
        button: tuple[str, str] | None = None,
    ) -> Page:
        """Fill the form whose action holds ACTION and send it.

        VALUES are by field name: text, True or False for a tick, a list for several ticks of one name.
        """
        page = self._shown()
        form = self._form(page, action)
        for name, value in values.items():
            _fill(form, name, value)
        sent = list(form.form_values()) + ([button] if button else [])
        method = (form.get("method") or "get").upper()
        address = urljoin(page.url, form.get("action") or page.url)
        body: dict[str, list[str]] = {}
        for name, text in sent:
            body.setdefault(name, []).append(text or "")
        if method == "GET":
            return self._arrive(self._client.get(address, params=body))
        return self._arrive(self._client.post(address, data=body, headers={"Referer": page.url}))

    def _arrive(self, answer: httpx.Response) -> Page:
        for _ in range(MOST_REDIRECTS):
            if not answer.is_redirect:
                break
            answer = self._client.get(urljoin(str(answer.url), answer.headers["location"]))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            raise WalkError(f"{answer.url} is no page: {answer.text[:200]}")
        self.page = Page(str(answer.url), answer.status_code, html.document_fromstring(answer.text))
        if answer.is_error:
            raise WalkError(f"{answer.status_code} at {answer.url}: {self.page.text[:500]}")
        return self.page

    def _shown(self) -> Page:
        if self.page is None:
            raise WalkError("no page is open")
        return self.page

    @staticmethod
    def _form(page: Page, action: str) -> html.FormElement:
        for form in page.document.forms:
            if (
                action in urljoin(page.url, form.get("action") or page.url)
                and form.get("method", "").lower() == "post"
            ):
                return form
        raise WalkError(f"no form to {action!r} on {page.url}: {page.text[:300]}")


def _fill(form: html.FormElement, name: str, value: Value) -> None:
    if name not in form.fields:
        raise WalkError(f"the form has no field {name!r}; it has {sorted(form.fields)}")
    form.fields[name] = value
