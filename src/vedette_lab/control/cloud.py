"""Control of the whole cloud: tenants, clock, switches, faults, request log and mail."""

from copy import deepcopy
from dataclasses import asdict
from datetime import timedelta
from operator import attrgetter
from typing import Any

import msgspec
from starlette.requests import Request

from vedette_lab.control import bodies
from vedette_lab.control.answers import plain, show_device, show_group, show_user, tenant_of
from vedette_lab.control.bodies import ControlError, read
from vedette_lab.graph_limits import DOCUMENTED
from vedette_lab.model import Cloud, Fault, Snapshot, Switches, new_id
from vedette_lab.seed import DEFAULT_PHONES, build_cloud
from vedette_lab.seed.fabrikam import small_organisation


async def tenants(_: Request, cloud: Cloud) -> Any:
    """List the tenants."""
    return [
        {
            "id": t.id,
            "name": t.name,
            "domain": t.domain,
            "accounts": t.guide_accounts,
            "groups": t.guide_groups,
        }
        for t in cloud.tenants.values()
    ]


async def tenant(request: Request, cloud: Cloud) -> Any:
    """Show one tenant with its people, groups and devices."""
    found = tenant_of(request, cloud)
    directory = found.directory
    return {
        "id": found.id,
        "name": found.name,
        "domain": found.domain,
        "guide": {"accounts": found.guide_accounts, "groups": found.guide_groups},
        "accounts": [show_user(found, user) for user in directory.users.values()],
        "groups": [show_group(group) for group in directory.groups.values()],
        "devices": [show_device(found, device) for device in directory.devices.values()],
        "consents": plain(list(found.consents.values())),
    }


async def add_tenant(request: Request, cloud: Cloud) -> Any:
    """Make a fresh small organisation, for a test that wants one to itself."""
    body = await read(request, bodies.NewTenant)
    if cloud.tenant(body.domain):
        raise ControlError(f"The domain {body.domain} is taken.", 409)
    made = small_organisation(body.name, body.domain.lower(), cloud.now(), 7)
    cloud.tenants[made.id] = made
    return {"id": made.id, "accounts": made.guide_accounts, "groups": made.guide_groups}


async def take_snapshot(request: Request, cloud: Cloud) -> Any:
    """Remember one tenant as it is now, in the place of an earlier snapshot."""
    found = tenant_of(request, cloud)
    about_it = [entry for entry in cloud.requests if entry.tenant == found.id]
    cloud.snapshots[found.id] = Snapshot(deepcopy(found), about_it)


async def restore_snapshot(request: Request, cloud: Cloud) -> Any:
    """Have one tenant as its snapshot remembers it; whatever happened to it since never did."""
    found = tenant_of(request, cloud)
    snapshot = cloud.snapshots.get(found.id)
    if snapshot is None:
        raise ControlError(f"There is no snapshot of {found.name}.", 404)
    cloud.tenants[found.id] = deepcopy(snapshot.tenant)
    others = [entry for entry in cloud.requests if entry.tenant != found.id]
    cloud.requests[:] = sorted([*others, *snapshot.requests], key=attrgetter("number"))


async def reset(request: Request, cloud: Cloud) -> Any:
    """Begin anew: seed, clock, faults, mail, applications. The signing keys stay."""
    count = int(request.query_params.get("phones", DEFAULT_PHONES))
    cloud.clock_offset = timedelta(0)
    cloud.switches = Switches()
    cloud.limits.set(on=False, given={})
    cloud.snapshots.clear()
    for store in (cloud.apps, cloud.entra.codes, cloud.entra.sessions, cloud.entra.assertions):
        store.clear()
    for entries in (cloud.mails, cloud.faults, cloud.requests):
        entries.clear()
    cloud.tenants = build_cloud(cloud.home, cloud.base_url, phone_count=count).tenants


async def read_clock(_: Request, cloud: Cloud) -> Any:
    """Show the lab's time."""
    return {"now": plain(cloud.now()), "offset_seconds": cloud.clock_offset.total_seconds()}


async def set_clock(request: Request, cloud: Cloud) -> Any:
    """Move the lab's clock against real time; tokens do not follow it."""
    body = await read(request, bodies.Clock)
    cloud.clock_offset = timedelta(seconds=body.offset_seconds)
    return await read_clock(request, cloud)


async def read_switches(_: Request, cloud: Cloud) -> Any:
    """Show the switches."""
    return asdict(cloud.switches)


async def set_switches(request: Request, cloud: Cloud) -> Any:
    """Change the switches that the body names."""
    try:
        wanted = msgspec.json.decode(await request.body(), type=dict[str, Any])
        cloud.switches = msgspec.convert({**asdict(cloud.switches), **wanted}, Switches)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ControlError(f"The body is not understood: {error}.") from None
    if unknown := set(wanted) - set(asdict(cloud.switches)):
        raise ControlError(f"No such switch: {', '.join(sorted(unknown))}.")
    return asdict(cloud.switches)


async def read_limits(_: Request, cloud: Cloud) -> Any:
    """Show whether Graph's limits count, and what they are (of identity for the smallest tenants)."""
    return {"on": cloud.limits.on, **{name: cloud.limits.of(name) for name in DOCUMENTED}}


async def set_limits(request: Request, cloud: Cloud) -> Any:
    """Switch Graph's limits on or off, as documented or as the body names them, and count anew."""
    body = await read(request, bodies.NewLimits)
    given = {name: getattr(body, name) for name in DOCUMENTED if getattr(body, name)}
    cloud.limits.set(on=body.on, given=given)
    return await read_limits(request, cloud)


async def faults(_: Request, cloud: Cloud) -> Any:
    """List the faults that are still armed."""
    return plain(cloud.faults)


async def add_fault(request: Request, cloud: Cloud) -> Any:
    """Arm a fault."""
    body = await read(request, bodies.NewFault)
    method, _, prefix = body.match.partition(" ")
    if not prefix.startswith("/"):
        raise ControlError("`match` is a method or * and a path prefix, such as 'GET /v1.0/groups'.")
    fault = Fault(
        id=new_id(),
        method=method.upper(),
        prefix=prefix,
        status=body.status,
        retry_after=body.retry_after,
        delay=body.delay,
        drop=body.drop,
        code=body.code,
        times=body.times,
        after=body.after,
    )
    cloud.faults.append(fault)
    return plain(fault)


async def clear_faults(_: Request, cloud: Cloud) -> Any:
    """Disarm every fault."""
    cloud.faults.clear()


async def requests(request: Request, cloud: Cloud) -> Any:
    """Show the log of requests with a number above `since`."""
    try:
        since = int(request.query_params.get("since", "0"))
    except ValueError:
        raise ControlError("`since` is the number of a request.") from None
    return [plain(entry) for entry in cloud.requests if entry.number > since]


async def clear_mail(_: Request, cloud: Cloud) -> Any:
    """Empty the mailbox."""
    cloud.mails.clear()
