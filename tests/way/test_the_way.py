"""From an untouched organisation to a phone that is blocked and let in again, by hand, in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser
from tests.way import setting_up
from tests.way.stack import Demo
from tests.way.visit import Organisation, visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_nine_steps_then_a_phone_is_blocked_and_let_in_again(
    demo: Demo, browser: Browser, untouched: Organisation
) -> None:
    operator, admin = visit(browser, demo, untouched), visit(browser, demo, untouched)
    printed = demo.vedette("operator", "link")
    link = re.search(r"https?://\S+", printed)
    assert link, printed
    setting_up.create_account(operator, link[0], setting_up.collect_information(admin))
    operator.context.close()
    setting_up.consent(admin)
    setting_up.groups_decide(admin)
    setting_up.set_up_connector(admin)
    setting_up.choose_enrollment_group(admin)
    setting_up.look_at_state_sync(admin)
    setting_up.name_error_recipients(admin)
    setting_up.set_disconnected_days(admin)
    setting_up.ask_for_mail(admin)
    setting_up.classify_threats(admin)
    setting_up.watch_enrollment(admin)
    assert admin.complaints == []
