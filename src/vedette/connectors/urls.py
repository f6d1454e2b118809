"""Addresses of the connectors; each connector keeps its own below."""

from django.urls import include, path

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

urlpatterns = [
    path("system/connectors/", include(overview)),
    path("system/connectors/intune/", include("vedette.connectors.intune.urls")),
    path("system/connectors/partner/", include("vedette.connectors.partner.urls")),
    path("system/connectors/groups/", include("vedette.connectors.groups.urls")),
    path("system/connectors/actions/", include("vedette.connectors.actions.urls")),
    path("system/connectors/mail/", include("vedette.connectors.mail.urls")),
    path("system/connectors/notifications/", include("vedette.connectors.notifications.urls")),
]
