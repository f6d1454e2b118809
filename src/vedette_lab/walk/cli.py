"""Command line of the walk: `python -m vedette_lab walk`."""

import json
import ssl
from pathlib import Path
from typing import Any

import click
import httpx

from vedette_lab.walk.browser import Browser, WalkError
from vedette_lab.walk.onboard import Organisation, Walk

FIRST, SECOND = 0, 1
STORIES = ("malware", "outdated", "silent", "mended")


@click.command("walk")
@click.option("--lab", required=True, help="Address of the lab.")
@click.option("--lab-ca", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--console", required=True, help="Address of the console.")
@click.option("--operator-link", required=True, help="What `vedette operator link` printed.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File for what demo.json tells.")
def command(lab: str, lab_ca: Path, console: str, operator_link: str, out: Path) -> None:
    """Onboard the lab's first tenant page by page; the second stays untouched."""
    trust = ssl.create_default_context(cafile=lab_ca)
    with (
        httpx.Client(base_url=lab, verify=trust, timeout=30.0) as control,
        httpx.Client(verify=trust, timeout=30.0) as client,
    ):
        listed = control.get("/lab/tenants").json()
        organisations = [
            Organisation(**{key: item[key] for key in Organisation.__annotations__}) for item in listed
        ]
        walk = Walk(Browser(client), control, console, organisations[FIRST], operator_link)
        try:
            for step, seconds in walk.run():
                click.echo(f"{seconds:5.1f} s  {step.replace('_', ' ')}")
            result = _result(control, organisations, walk)
        except (WalkError, httpx.HTTPError) as error:
            raise click.ClickException(str(error)) from error
        out.write_text(json.dumps(result, ensure_ascii=False, indent=2))


def _result(control: httpx.Client, organisations: list[Organisation], walk: Walk) -> dict[str, Any]:
    first, second = organisations[FIRST], organisations[SECOND]
    details = control.get(f"/lab/tenants/{first.id}").json()
    return {
        "tenant": {"guid": walk.tenant_guid, "name": first.name, "entra_tenant_id": first.id},
        "accounts": _accounts(first),
        "groups": _groups(control, first),
        "fresh": {
            "name": second.name,
            "entra_tenant_id": second.id,
            "accounts": _accounts(second),
            "groups": _groups(control, second),
        },
        "risk_api": {"application_key": walk.key},
        "devices": [
            {
                "guid": walk.device_guid(device["upn"], device["device_id"]),
                "entra_device_id": device["device_id"],
                "platform": device["platform"],
                "upn": device["upn"],
                "story": device["story"],
            }
            for device in details["devices"]
            if device.get("story") in STORIES
        ],
    }


def _accounts(organisation: Organisation) -> list[dict[str, str]]:
    return [{"upn": upn, "role": role} for role, upn in organisation.accounts.items()]


def _groups(control: httpx.Client, organisation: Organisation) -> list[dict[str, str]]:
    listed = control.get(f"/lab/tenants/{organisation.id}").json()["groups"]
    return [{"display_name": group["display_name"], "id": group["id"]} for group in listed]
