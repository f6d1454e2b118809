"""Addresses of the ways by group."""

from django.urls import path

from vedette.connectors.groups import group_views, views

app_name = "groups"
urlpatterns = [
    path("search", group_views.search, name="search"),
    path("<slug:way>/", views.page, name="way"),
    path("<slug:way>/on", views.on, name="on"),
    path("<slug:way>/off", views.off, name="off"),
    path("<slug:way>/look", views.look_now, name="look"),
    path("<slug:way>/administrators", views.administrators, name="administrators"),
    path("<slug:way>/add", group_views.add, name="add"),
    path("<slug:way>/<uuid:group>/levels", group_views.levels, name="levels"),
    path("<slug:way>/<uuid:group>/remove", group_views.remove, name="remove"),
]
