"""The control API of the lab under `/lab`: JSON, loopback only, for the demo, walks and tests."""

from starlette.routing import BaseRoute, Route

from vedette_lab.control import apps, cloud, devices, people, policies
from vedette_lab.control.answers import control

TENANT = "/lab/tenants/{tid}"

routes: list[BaseRoute] = [
    Route("/lab/tenants", control(cloud.tenants), methods=["GET"]),
    Route("/lab/tenants", control(cloud.add_tenant), methods=["POST"]),
    Route(TENANT, control(cloud.tenant), methods=["GET"]),
    Route(f"{TENANT}/snapshot", control(cloud.take_snapshot), methods=["POST"]),
    Route(f"{TENANT}/restore", control(cloud.restore_snapshot), methods=["POST"]),
    Route("/lab/reset", control(cloud.reset), methods=["POST"]),
    Route("/lab/clock", control(cloud.read_clock), methods=["GET"]),
    Route("/lab/clock", control(cloud.set_clock), methods=["POST"]),
    Route("/lab/switches", control(cloud.read_switches), methods=["GET"]),
    Route("/lab/switches", control(cloud.set_switches), methods=["POST"]),
    Route("/lab/limits", control(cloud.read_limits), methods=["GET"]),
    Route("/lab/limits", control(cloud.set_limits), methods=["POST"]),
    Route("/lab/faults", control(cloud.faults), methods=["GET"]),
    Route("/lab/faults", control(cloud.add_fault), methods=["POST"]),
    Route("/lab/faults", control(cloud.clear_faults), methods=["DELETE"]),
    Route("/lab/requests", control(cloud.requests), methods=["GET"]),
    Route("/lab/mail", control(cloud.clear_mail), methods=["DELETE"]),
    Route("/lab/apps", control(apps.listing), methods=["GET"]),
    Route("/lab/apps", control(apps.add), methods=["POST"]),
    Route("/lab/apps/{client_id}", control(apps.change), methods=["PATCH"]),
    Route(f"{TENANT}/consents", control(apps.consent), methods=["POST"]),
    Route(f"{TENANT}/consents/{{client_id}}", control(apps.withdraw), methods=["DELETE"]),
    Route(f"{TENANT}/assignments/{{client_id}}", control(apps.assign), methods=["POST"]),
    Route(f"{TENANT}/ca-policies", control(policies.listing), methods=["GET"]),
    Route(f"{TENANT}/ca-policies", control(policies.add), methods=["POST"]),
    Route(f"{TENANT}/ca-policies/{{pid}}", control(policies.remove), methods=["DELETE"]),
    Route(f"{TENANT}/groups", control(people.add_group), methods=["POST"]),
    Route(f"{TENANT}/groups/{{gid}}", control(people.change_group), methods=["PATCH"]),
    Route(f"{TENANT}/groups/{{gid}}", control(people.remove), methods=["DELETE"]),
    Route(f"{TENANT}/groups/{{gid}}/members", control(people.add_members), methods=["POST"]),
    Route(f"{TENANT}/groups/{{gid}}/members/{{mid}}", control(people.remove_member), methods=["DELETE"]),
    Route(f"{TENANT}/users", control(people.add_user), methods=["POST"]),
    Route(f"{TENANT}/users/{{gid}}", control(people.change_user), methods=["PATCH"]),
    Route(f"{TENANT}/users/{{gid}}", control(people.remove), methods=["DELETE"]),
    Route(f"{TENANT}/users/{{gid}}/restore", control(people.restore), methods=["POST"]),
    Route(f"{TENANT}/crowd", control(people.add_crowd), methods=["POST"]),
    Route(f"{TENANT}/delta/expire", control(people.expire_deltas), methods=["POST"]),
    Route(f"{TENANT}/users/{{gid}}/revoke", control(people.revoke), methods=["POST"]),
    Route(f"{TENANT}/devices", control(devices.listing), methods=["GET"]),
    Route(f"{TENANT}/devices", control(devices.add), methods=["POST"]),
    Route(f"{TENANT}/devices/{{did}}", control(devices.read), methods=["GET"]),
    Route(f"{TENANT}/devices/{{did}}", control(devices.change), methods=["PATCH"]),
    Route(f"{TENANT}/devices/{{did}}", control(devices.remove), methods=["DELETE"]),
    Route(f"{TENANT}/devices/{{did}}/managed", control(devices.unenroll), methods=["DELETE"]),
]
