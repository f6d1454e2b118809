"""Addresses of the Intune connector."""

from django.urls import path

from vedette.connectors.intune import (
    access_views,
    fail_mode_views,
    group_views,
    handout_views,
    inside_views,
    rules_views,
    views,
)
from vedette.connectors.intune.fail_mode import CLOSED, OPEN

app_name = "intune"
urlpatterns = [
    path("connection/", views.connection, name="connection"),
    path("connection/beat", views.beat_now, name="beat"),
    path("enrollment/", group_views.enrollment, name="enrollment"),
    path("enrollment/search", group_views.search, name="group-search"),
    path("enrollment/add", group_views.add, name="group-add"),
    path("enrollment/poll", group_views.poll_now, name="poll"),
    path("enrollment/<uuid:object_id>/inside", inside_views.page, name="group-inside"),
    path("enrollment/<uuid:object_id>/remove", group_views.remove, name="group-remove"),
    path("state-sync/", views.state_sync, name="state-sync"),
    path("rules/", rules_views.page, name="rules"),
    path("rules/unknown/", fail_mode_views.page, name="fail-mode"),
    path("rules/unknown/open", fail_mode_views.choose, {"wanted": OPEN}, name="fail-open"),
    path("rules/unknown/closed", fail_mode_views.choose, {"wanted": CLOSED}, name="fail-closed"),
    path("handouts/", handout_views.page, name="handouts"),
    path("access/", access_views.page, name="access"),
    path("access/read", access_views.read_now, name="read"),
    path("unsupported/", views.unsupported, name="unsupported"),
    path("errors/", views.error_management, name="errors"),
    path("errors/<uuid:error_id>/acknowledge", views.acknowledge, name="acknowledge"),
]
