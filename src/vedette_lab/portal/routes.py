"""Addresses of the portal."""

from starlette.routing import BaseRoute, Route

from vedette_lab.portal import (
    access,
    compliance,
    connectors,
    devices,
    groups,
    home,
    logs,
    people,
    registrations,
)
from vedette_lab.portal.kit import PageHandler

_T = "/portal/{tid}"


def _get(path: str, handler: PageHandler) -> Route:
    return Route(path, handler, methods=["GET"])


def _post(path: str, handler: PageHandler) -> Route:
    return Route(path, handler, methods=["POST"])


routes: list[BaseRoute] = [
    _get("/", home.root),
    _get("/portal", home.choose),
    _get("/portal/static/{name}", home.static),
    _get(_T, home.overview),
    _get(f"{_T}/users", people.users),
    _get(f"{_T}/users/{{uid}}", people.user),
    _post(f"{_T}/users/{{uid}}/revoke", people.revoke),
    _post(f"{_T}/users/{{uid}}/account", people.account),
    _get(f"{_T}/groups", groups.groups),
    _get(f"{_T}/groups/new", groups.new_group),
    _post(f"{_T}/groups/new", groups.create_group),
    _get(f"{_T}/groups/{{gid}}", groups.group_page),
    _post(f"{_T}/groups/{{gid}}/members", groups.add_member),
    _post(f"{_T}/groups/{{gid}}/members/{{oid}}/remove", groups.remove_member),
    _post(f"{_T}/groups/{{gid}}/delete", groups.delete_group),
    _get(f"{_T}/devices", devices.devices),
    _post(f"{_T}/devices/sync", devices.sync_all),
    _get(f"{_T}/devices/{{did}}", devices.device_page),
    _post(f"{_T}/devices/{{did}}/sync", devices.sync),
    _post(f"{_T}/devices/{{did}}/enable", devices.enable),
    _post(f"{_T}/devices/{{did}}/intune", devices.change_intune),
    _get(f"{_T}/apps", logs.apps),
    _post(f"{_T}/apps", registrations.create),
    _get(f"{_T}/apps/{{cid}}", registrations.page),
    _post(f"{_T}/apps/{{cid}}", registrations.change),
    _get(f"{_T}/sign-ins", logs.sign_ins),
    _get(f"{_T}/sign-ins/{{sid}}", logs.sign_in_page),
    _get(f"{_T}/connectors", connectors.connectors),
    _post(f"{_T}/connectors", connectors.add),
    _get(f"{_T}/connectors/{{cid}}", connectors.connector_page),
    _post(f"{_T}/connectors/{{cid}}", connectors.save),
    _post(f"{_T}/connectors/{{cid}}/resync", connectors.resync),
    _post(f"{_T}/connectors/{{cid}}/delete", connectors.delete),
    _get(f"{_T}/compliance", compliance.policies),
    _post(f"{_T}/compliance/default", compliance.default),
    _get(f"{_T}/compliance/new", compliance.new),
    _post(f"{_T}/compliance/new", compliance.save),
    _get(f"{_T}/compliance/{{pid}}", compliance.edit),
    _post(f"{_T}/compliance/{{pid}}", compliance.save),
    _post(f"{_T}/compliance/{{pid}}/delete", compliance.delete),
    _get(f"{_T}/conditional-access", access.policies),
    _get(f"{_T}/conditional-access/new", access.new),
    _post(f"{_T}/conditional-access/new", access.save),
    _get(f"{_T}/conditional-access/{{pid}}", access.edit),
    _post(f"{_T}/conditional-access/{{pid}}", access.save),
    _post(f"{_T}/conditional-access/{{pid}}/state", access.set_state),
    _post(f"{_T}/conditional-access/{{pid}}/delete", access.delete),
    _get("/portal/{path:path}", home.nowhere),
]
