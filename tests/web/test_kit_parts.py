"""Tags and helpers of the kit, drawn by real templates."""
# ruff: noqa: RUF001 - French is written with its own apostrophe

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.utils import translation
from lxml import html

from vedette.web import badges, charts, icons, navigation, times
from vedette.web.viewer import Access, Viewer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def draw(text: str, **context: object) -> html.HtmlElement:
    return html.fromstring(f"<div>{Template(text).render(Context(context))}</div>")


@pytest.mark.parametrize(
    ("ago", "english", "french"),
    [
        (timedelta(seconds=3), "just now", "à l’instant"),
        (timedelta(minutes=1), "1 minute ago", "il y a 1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago", "il y a 59 minutes"),
        (timedelta(hours=1), "1 hour ago", "il y a 1 heure"),
        (timedelta(days=29), "29 days ago", "il y a 29 jours"),
        (timedelta(days=30), "Oct. 23, 2026", "23 octobre 2026"),
        (timedelta(seconds=-5), "in less than a minute", "dans moins d’une minute"),
        (timedelta(hours=-2), "in 2 hours", "dans 2 heures"),
        (timedelta(days=-3), "in 3 days", "dans 3 jours"),
    ],
)
def test_times_are_said_as_people_say_them(ago: timedelta, english: str, french: str) -> None:
    with translation.override("en"):
        assert times.relative(NOW - ago, NOW) == english
    with translation.override("fr"):
        assert times.relative(NOW - ago, NOW) == french


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_725, "1 h 2 min"), (180_061, "2 d 2 h"), (-4, "0 s")],
)
def test_lengths_of_time(seconds: int, text: str) -> None:
    with translation.override("en"):
        assert times.duration(timedelta(seconds=seconds)) == text


def test_moments_keep_their_exact_time_beside_the_words() -> None:
    drawn = draw("{% when moment %}", moment=NOW)[0]
    assert drawn.get("datetime") == "2026-11-22T12:00:00+00:00"
    assert "12:00:00 UTC" in drawn.get("title", "")
    assert draw("{% when moment never='not yet' %}", moment=None).text_content() == "not yet"


@pytest.mark.parametrize("level", range(5))
def test_every_risk_level_has_a_badge(level: int) -> None:
    assert draw("{% risk_badge level %}", level=level).text_content() == str(badges.RISKS[level].label)


def test_a_level_is_never_guessed() -> None:
    with pytest.raises(KeyError):
        badges.risk(5)


def test_states_are_known_in_either_spelling_and_strange_ones_are_escaped() -> None:
    assert badges.state("ACTIVATED") == badges.state("activated")
    assert draw("{% status_badge state %}", state="<b>x").text_content() == "<b>x"


def test_an_unknown_icon_is_an_error_of_the_author() -> None:
    with pytest.raises(icons.UnknownIconError):
        icons.svg("no-such-drawing")


def test_badges_name_only_icons_that_are_kept() -> None:
    wanted = {b.icon for b in [*badges.RISKS.values(), *badges.STATES.values()] if b.icon}
    wanted |= {entry.icon for section in navigation.MENU for entry in section.entries}
    assert wanted <= set(icons.drawings())


class Connection(forms.Form):
    minutes = forms.IntegerField(label="Heartbeat", min_value=1, help_text="How often")
    on = forms.BooleanField(label="Sync", required=False)
    scope = forms.ChoiceField(choices=(("a", "A"), ("b", "B")), widget=forms.RadioSelect)


def test_a_field_ties_label_help_and_error_to_its_input() -> None:
    drawn = draw("{% field form.minutes suffix='min' %}", form=Connection({"minutes": "0", "scope": "a"}))
    box = drawn.xpath("//input")[0]
    assert drawn.xpath("//label/@for") == [box.get("id")]
    assert box.get("aria-invalid") == "true"
    described = [drawn.get_element_by_id(key).text_content() for key in box.get("aria-describedby").split()]
    assert "greater than or equal to 1" in described[0]
    assert described[1] == "How often"


def test_a_switch_and_a_group_of_choices() -> None:
    form = Connection({"minutes": "5", "on": "on", "scope": "b"})
    assert draw("{% field form.on %}", form=form).xpath(
        "//label[contains(@class,'form-switch')]//input/@checked"
    )
    group = draw("{% field form.scope %}", form=form)
    assert [i.get("class") for i in group.xpath("//fieldset//input")] == ["form-check-input"] * 2
    assert group.xpath("//input[@checked]/@value") == ["b"]


def test_components_escape_what_they_are_given() -> None:
    evil = "<script>alert(1)</script>"
    text = (
        "{% stat label=evil value=evil note=evil %}{% empty_state title=evil text=evil %}{% copy evil label=evil %}"
        "{% code evil title=evil %}{% facts pairs %}{% timeline history %}{% why evil reasons %}{% chart donut 'x' %}"
        "{% card title=evil subtitle=evil %}{{ evil }}{% endcard %}{% notice title=evil %}{{ evil }}{% endnotice %}"
        "{% tabs entries active='a' %}{% steps steps %}{% progress 1 2 evil %}{% badge evil %}"
    )
    donut = charts.Donut(title=evil, unit=evil, slices=[charts.Slice(label=evil, value=1, tone="info")])
    drawn = draw(
        text,
        evil=evil,
        pairs=[(evil, evil)],
        history=[{"at": NOW, "title": evil, "text": evil, "actor": evil}],
        reasons=[evil],
        donut=donut,
        entries=[{"key": "a", "label": evil, "href": "?"}, {"key": "b", "label": evil, "locked": evil}],
        steps=[{"title": evil, "state": "current", "text": evil}],
    )
    assert drawn.xpath("//script[not(@type='application/json')]") == []


def test_a_line_needs_two_points_and_stays_in_its_box() -> None:
    assert charts.sparkline([1], "info") == ""
    assert "nan" not in charts.sparkline([3, 3, 3], "info")


@pytest.mark.parametrize(
    ("access", "absent"),
    [("full", set()), ("restricted", {"application_keys", "connectors", "enrollment", "scans"})],
)
@override_settings(ROOT_URLCONF="tests.web.site")
def test_the_menu_shows_what_the_access_may_open(access: Access, absent: set[str]) -> None:
    every = {entry.key for section in navigation.MENU for entry in section.entries}
    viewer = Viewer(name="Ada", upn="ada@x", tenant_name="X", access=access, badges={"threats": 3})
    shown = [
        link
        for _heading, links in navigation.menu(RequestFactory().get("/console/threats"), viewer)
        for link in links
    ]
    assert every - {link.key for link in shown} == absent
    assert [(link.key, link.badge) for link in shown if link.active] == [("threats", 3)]
    assert [str(link.counts) for link in shown if link.badge] == ["open, low to high risk"]


@pytest.mark.parametrize(
    ("path", "href", "active"),
    [
        ("/devices", "/devices", True),
        ("/devices/1", "/devices", True),
        ("/devices2", "/devices", False),
        ("/x", "/", False),
    ],
)
def test_an_entry_stays_marked_on_the_pages_under_it(path: str, href: str, active: bool) -> None:
    assert navigation.is_active(path, href) is active


@override_settings(ROOT_URLCONF="vedette.web.urls")
def test_what_is_not_installed_is_not_in_the_menu() -> None:
    viewer = Viewer(name="Ada Lindqvist", upn="ada@x", tenant_name="X", access="full")
    assert navigation.menu(RequestFactory().get("/"), viewer) == []
    assert viewer.initials == "AL"
