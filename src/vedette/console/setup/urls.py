"""Addresses of the wizard: the same pages for an administrator (`setup/`) and the operator (with the account)."""

from django.urls import URLPattern, path

from vedette.console.setup import application, credential, overview, test
from vedette.console.setup.place import Page, for_administrator, for_operator

PAGES: dict[str, tuple[str, Page]] = {
    "overview": ("", overview.page),
    "begin": ("begin", overview.begin),
    "discard": ("discard", overview.discard),
    "return": ("return", overview.go_back),
    "application": ("application", application.page),
    "credential": ("credential", credential.page),
    "make": ("credential/make", credential.make),
    "upload": ("credential/upload", credential.upload),
    "secret": ("credential/secret", credential.secret),
    "federation": ("credential/federation", credential.federation),
    "certificate": ("certificate.cer", credential.download),
    "test": ("test", test.page),
    "start": ("start", test.start),
}

administrator: list[URLPattern] = [
    path(address, for_administrator(page), name=name) for name, (address, page) in PAGES.items()
]
operator: list[URLPattern] = [
    path(address, for_operator(page), name=name) for name, (address, page) in PAGES.items()
]
