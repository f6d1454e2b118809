"""The card of the acts on the overview page."""

import uuid

from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors.actions.plan import ACTS
from vedette.connectors.actions.settings_read import choice_of, settings_row
from vedette.connectors.actions.words import WORDS
from vedette.connectors.overview import Card


def card(tenant_id: uuid.UUID) -> Card:
    """Which acts are on."""
    on = choice_of(settings_row(tenant_id)).on
    return Card(
        title=_("Actions"),
        text=_(
            "Has Intune look at a phone at once, tells its person the true reason, and ends sign-in sessions."
        ),
        icon="bell",
        href=reverse("actions:page"),
        action=_("Open") if on else _("Set up"),
        state="enabled" if on else "notSetUp",
        facts=[(WORDS[act].title, _("On") if act in on else _("Off")) for act in ACTS],
    )
