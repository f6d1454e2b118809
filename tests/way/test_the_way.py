"""From an untouched organisation to a phone that is blocked and let in again, by hand, in the browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.demo import Demo
from tests.way import enforcing, protecting, setting_up
from tests.way.phone import MAIL, SPY, Phone, Watch, pixel_of, sign_in_to_mail
from tests.way.visit import Organisation, Visit, visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.xdist_group("way")]


def test_nine_steps_then_a_phone_is_blocked_and_let_in_again(
    demo: Demo,
    browser: Browser,
    untouched: Organisation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin = visit(browser, demo, untouched)
    nine_steps(demo, browser, admin)
    rules_by_hand(admin)
    phone = pixel_of(demo, untouched, tmp_path)
    protecting.activate(admin, phone)
    assert sign_in_to_mail(admin, phone) is None

    phone.apps = [MAIL, SPY]
    with Watch(phone, allowed=False) as watch:
        answer = phone.check_in()
    blocked = watch.seconds(answer["detail"]["answer"]["server_time"])
    protecting.look_at_threat(admin, phone)
    protecting.read_threat_mail(admin, phone)
    both_rules_block(admin, phone)

    phone.apps = [MAIL]
    with Watch(phone, allowed=True) as watch:
        answer = phone.check_in()
    admitted = watch.seconds(answer["detail"]["answer"]["server_time"])
    assert sign_in_to_mail(admin, phone) is None
    protecting.look_at_mended(admin, phone)
    protecting.read_audit_trail(admin)
    verified = demo.vedette("audit", "verify")
    assert re.search(rf"^{untouched.name} .*: \d+ audit events, unbroken$", verified, re.MULTILINE), verified
    assert admin.complaints == []
    with capsys.disabled():
        sys.stdout.write(
            f"\nfrom report to the next token decision: blocked after {blocked:.2f} s, "
            f"let in again after {admitted:.2f} s\n"
        )


def nine_steps(demo: Demo, browser: Browser, admin: Visit) -> None:
    operator = visit(browser, demo, admin.organisation)
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


def rules_by_hand(admin: Visit) -> None:
    rule = enforcing.copied_rule(admin)
    enforcing.block_by_filter(admin, rule)
    enforcing.demand_threat_level(admin)
    enforcing.demand_compliant_device(admin)
    admin.open("/dashboard/")
    enforcing.connect_partner(admin)
    enforcing.sync_with_intune(admin)
    enforcing.arm(admin)


def both_rules_block(admin: Visit, phone: Phone) -> None:
    """Each rule blocks by itself, with its reason; a browser without device identity escapes only the first."""
    reason = sign_in_to_mail(admin, phone)
    assert reason is not None
    assert enforcing.FILTER_POLICY in reason
    admin.shot("blocked-by-filter")
    enforcing.turn_policy(admin, enforcing.FILTER_POLICY, "Off")
    reason = sign_in_to_mail(admin, phone)
    assert reason is not None
    assert enforcing.COMPLIANT_DEVICE_POLICY in reason
    admin.shot("blocked-by-compliance")
    enforcing.turn_policy(admin, enforcing.FILTER_POLICY, "On")
    enforcing.turn_policy(admin, enforcing.COMPLIANT_DEVICE_POLICY, "Off")
    assert sign_in_to_mail(admin, phone, way="browser") is None, "no identity: the filter does not apply"
    enforcing.turn_policy(admin, enforcing.COMPLIANT_DEVICE_POLICY, "On")
    assert sign_in_to_mail(admin, phone, way="browser") is not None
