"""Addresses of the connectors; each connector keeps its own below."""

from django.urls import include, path

from vedette.connectors import dead_letter_views as letters
from vedette.connectors import destination_views as destinations
from vedette.connectors import push_views, spared_views, views

overview = (
    [
        path("", views.overview, name="overview"),
        path("spared/", spared_views.page, name="spared"),
        path("spared/add", spared_views.add, name="spared-add"),
        path("spared/<uuid:person>/remove", spared_views.remove, name="spared-remove"),
        path("pushes/", push_views.page, name="pushes"),
        path("pushes/export", push_views.export, name="pushes-export"),
        path("pushes/again", push_views.again, name="send-again"),
        path(
            "pushes/again/device/<uuid:chosen>",
            push_views.again,
            {"kind": "device"},
            name="send-device-again",
        ),
        path(
            "pushes/again/group/<uuid:chosen>", push_views.again, {"kind": "group"}, name="send-group-again"
        ),
    ],
    "connectors",
)

deliveries = (
    [
        path("", destinations.page, name="page"),
        path("new/<slug:kind>", destinations.new, name="new"),
        path("<uuid:destination_id>/", destinations.destination, name="destination"),
        path("<uuid:destination_id>/edit", destinations.edit, name="edit"),
        path("<uuid:destination_id>/test", destinations.test, name="test"),
        path("<uuid:destination_id>/now", destinations.now, name="now"),
        path("<uuid:destination_id>/on", destinations.on, name="on"),
        path("<uuid:destination_id>/off", destinations.off, name="off"),
        path("<uuid:destination_id>/secret", destinations.secret, name="secret"),
        path("<uuid:destination_id>/skip", destinations.skip, name="skip"),
        path("<uuid:destination_id>/delete", destinations.delete, name="delete"),
        path("<uuid:destination_id>/undelivered/", letters.page, name="undelivered"),
        path("<uuid:destination_id>/undelivered/replay", letters.replay_all, name="replay-all"),
        path("<uuid:destination_id>/undelivered/discard", letters.discard_all, name="discard-all"),
        path("<uuid:destination_id>/undelivered/<uuid:letter_id>/", letters.letter, name="letter"),
        path("<uuid:destination_id>/undelivered/<uuid:letter_id>/replay", letters.replay, name="replay"),
        path("<uuid:destination_id>/undelivered/<uuid:letter_id>/discard", letters.discard, name="discard"),
    ],
    "deliveries",
)

urlpatterns = [
    path("system/connectors/", include(overview)),
    path("system/connectors/deliveries/", include(deliveries)),
    path("system/connectors/intune/", include("vedette.connectors.intune.urls")),
    path("system/connectors/partner/", include("vedette.connectors.partner.urls")),
    path("system/connectors/groups/", include("vedette.connectors.groups.urls")),
    path("system/connectors/actions/", include("vedette.connectors.actions.urls")),
    path("system/connectors/mail/", include("vedette.connectors.mail.urls")),
    path("system/connectors/notifications/", include("vedette.connectors.notifications.urls")),
]
