"""Activation by a sign-in: the agent, a browser at the lab's Entra, and the device API with the live directory."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import httpx
import pytest
from lxml import html
from tests.api.conftest import Service, run
from tests.connectors.scene import Scene
from tests.support.database import Database
from tests.support.lab import free_ports
from tests.support.world import ADA

from vedette.compliance import enroll
from vedette.connectors.intune import membership
from vedette.devices import enrollment_policy
from vedette.devices.enrollment_policy import Ways
from vedette.devices.models import Device, DeviceKey, WaitingIdentity
from vedette.foundation import database
from vedette_agent import sign_in as signing_in
from vedette_agent.client import AgentClient
from vedette_agent.identity import PrivateKey
from vedette_agent.sign_in import SignInError
from vedette_agent.store import MemoryStore
from vedette_agent.transport import Patience, Refused, Transport
from vedette_facts.protocol import Activated, EnrollDevice, Waiting


@pytest.fixture
def phones(scene: Scene) -> list[Device]:
    """A tenant with pending phones, whose application is also known as an app on phones."""
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    scene.microsoft.change_app(public_redirect_uris=["http://localhost"])
    allow(scene)
    return scene.devices(platform="ANDROID")


@pytest.fixture
def service(scene: Scene, phones: list[Device], database: Database) -> Iterator[Service]:
    assert scene.tenant_id
    assert phones
    (port,) = free_ports(1)
    with run(database.login_url, f"http://127.0.0.1:{port}", port, live=membership.LIVE) as running:
        yield running


def allow(scene: Scene, **ways: bool) -> None:
    enrollment_policy.change_ways(scene.tenant_id, Ways(**{"by_sign_in": True, **ways}), ADA)


class Agent:
    """An agent on one phone, with a person in front of it."""

    def __init__(self, scene: Scene, service: Service, device: Device) -> None:
        self.scene, self.service, self.device = scene, service, device
        self.trust = ssl.create_default_context(cafile=str(scene.lab.ca_file))
        self.store = MemoryStore()

    def browse(self, address: str, upn: str, vouched: str) -> None:
        """Sign in at the address and follow the way back to the agent."""
        with httpx.Client(verify=self.trust, timeout=30) as browser:
            page = browser.get(address)
            document: Any = html.document_fromstring(page.text)
            form = document.get_element_by_id("other")
            fields = {each.get("name"): each.get("value", "") for each in form.iterfind(".//input[@name]")}
            fields |= {"login": upn, "device": vouched}
            answer = browser.post(urljoin(str(page.url), form.get("action")), data=fields)
            back = answer.headers["location"].replace("localhost", "127.0.0.1")
            assert "Done" in browser.get(back).text

    async def token(self, http: httpx.AsyncClient, key_id: str, upn: str, vouched: str) -> str:
        place = await signing_in.place(http, self.service.url, str(self.scene.organisation.id))
        threads = []

        def show(address: str) -> None:
            threads.append(threading.Thread(target=self.browse, args=(address, upn, vouched)))
            threads[0].start()

        try:
            return await signing_in.sign_in(http, place, key_id, show)
        finally:
            threads[0].join()

    def enroll(
        self, *, upn: str = "", vouched: str = "", model: str = "", key: PrivateKey | None = None
    ) -> Activated | Waiting:
        async def work() -> Activated | Waiting:
            async with httpx.AsyncClient(verify=self.trust, timeout=30) as http:
                own = PrivateKey.make()
                shown = key or own
                token = await self.token(http, shown.key_id, upn or self.device.owner_upn, vouched)
                client = AgentClient(self.store, Transport(http, Patience(attempts=1)))
                about = EnrollDevice(
                    platform="ANDROID",
                    manufacturer=self.device.manufacturer,
                    model=model or self.device.model,
                    os_version="15",
                )
                return await client.enroll_signed_in(self.service.url, own, token, about)

        return asyncio.run(work())

    def again(self) -> Activated | Waiting | None:
        async def work() -> Activated | Waiting | None:
            async with httpx.AsyncClient(verify=self.trust, timeout=30) as http:
                return await AgentClient(self.store, Transport(http, Patience(attempts=1))).resume()

        return asyncio.run(work())


def now(device: Device) -> Device:
    with database.tenant(device.tenant_id):
        return Device.objects.get(id=device.id)


def entra_id(device: Device) -> str:
    return str(device.entra_device_id)


def test_the_one_pending_phone_of_the_person_is_activated(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    answer = Agent(scene, service, phones[0]).enroll()
    assert isinstance(answer, Activated)
    assert (answer.device_id, answer.binding) == (str(phones[0].id), "sign_in")


def test_a_phone_that_entra_names_takes_its_own_row_also_when_it_is_in_use(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    phone = phones[0]
    first = Agent(scene, service, phone).enroll(vouched=entra_id(phone))
    assert isinstance(first, Activated)
    assert first.binding == "sign_in_device"
    again = Agent(scene, service, phone).enroll(vouched=entra_id(phone))
    assert isinstance(again, Activated), "a new installation of the app on the same phone"
    assert again.device_id == first.device_id
    with database.tenant(scene.tenant_id):
        kept = {key.key_id: key.retired_at is None for key in DeviceKey.objects.filter(device=phone)}
    assert kept == {first.key_id: False, again.key_id: True}


def test_without_the_claim_a_phone_in_use_waits_for_an_administrator(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    phone = phones[0]
    assert isinstance(Agent(scene, service, phone).enroll(), Activated)
    agent = Agent(scene, service, phone)
    waits = agent.enroll()
    assert isinstance(waits, Waiting)
    assert waits.reason == "needs_confirmation"
    with database.tenant(scene.tenant_id):
        row = WaitingIdentity.objects.get()
    assert row.owner_upn.lower() == phone.owner_upn.lower()
    enroll.confirm(row, now(phone), ADA)
    answer = agent.again()
    assert isinstance(answer, Activated)
    assert answer.binding == "sign_in"


def test_a_tenant_may_take_only_phones_that_entra_names(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    allow(scene, device_claim_needed=True)
    with pytest.raises(Refused) as refused:
        Agent(scene, service, phones[0]).enroll()
    assert refused.value.code == "way_not_allowed"
    assert isinstance(Agent(scene, service, phones[0]).enroll(vouched=entra_id(phones[0])), Activated)
    allow(scene, by_sign_in=False)
    with pytest.raises(Refused, match="does not activate"):
        Agent(scene, service, phones[1]).enroll(vouched=entra_id(phones[1]))


def test_who_is_in_no_group_waits_and_is_activated_once_added(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    person = scene.person(scene.organisation.people["none"])
    phone = scene.lab.post(
        f"{scene.path}/devices",
        {"owner": person["upn"], "platform": "ANDROID", "model": "Pixel 8"},
    )
    stand_in = phones[0]
    stand_in.model = "Pixel 8"
    agent = Agent(scene, service, stand_in)
    waits = agent.enroll(upn=person["upn"])
    assert isinstance(waits, Waiting)
    assert waits.reason == "not_in_enrollment_group"
    group = scene.group("Company Phones")
    scene.lab.post(f"{scene.path}/groups/{group['id']}/members", {"ids": [person["upn"]]})
    answer = agent.again()
    assert isinstance(answer, Activated), "the sign-in of before still counts for the same key"
    with database.tenant(scene.tenant_id):
        assert Device.objects.get(id=UUID(answer.device_id)).entra_object_id == UUID(phone["id"])


def test_a_token_made_for_another_key_is_refused(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    with pytest.raises(Refused) as refused:
        Agent(scene, service, phones[0]).enroll(key=PrivateKey.make())
    assert refused.value.code == "sign_in_refused"
    with database.tenant(scene.tenant_id):
        assert not WaitingIdentity.objects.exists()
        assert not DeviceKey.objects.exists()


@pytest.mark.parametrize(
    "named", ["3ba9c1de-6f2a-4d8c-9d7e-0a4f1c2b7e55", "nobody@nowhere.example", "x" * 400]
)
def test_an_organisation_that_is_not_here_is_told(service: Service, named: str) -> None:
    answer = service.client.get(f"{service.url}/device/v1/sign-in", params={"organisation": named})
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_organisation")
    wrong = service.client.post(f"{service.url}/device/v1/sign-in")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


def test_who_does_not_sign_in_is_told_so(scene: Scene, service: Service, phones: list[Device]) -> None:
    async def work() -> None:
        trust = ssl.create_default_context(cafile=str(scene.lab.ca_file))
        async with httpx.AsyncClient(verify=trust) as http:
            place = await signing_in.place(http, service.url, phones[0].owner_upn)
            await signing_in.sign_in(http, place, "k", lambda _address: None, wait=0.05)

    with pytest.raises(SignInError, match="Nobody signed in"):
        asyncio.run(work())


def test_a_phone_that_changes_hands_at_entra_is_bound_anew_by_its_new_owner(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    phone = phones[0]
    first = Agent(scene, service, phone).enroll(vouched=entra_id(phone))
    assert isinstance(first, Activated)
    heir = next(each for each in phones if each.owner_oid != phone.owner_oid)
    body = {"owner": heir.owner_upn}
    scene.lab.patch(f"{scene.path}/devices/{phone.entra_object_id}", body)
    scene.forget_changes()
    scene.poll()
    assert (now(phone).owner_upn, now(phone).binding) == (heir.owner_upn, "asserted")
    former = Agent(scene, service, phone).enroll(upn=phone.owner_upn, vouched=entra_id(phone))
    assert isinstance(former, Waiting), "Entra no longer names this phone for the former owner"
    heirs = Agent(scene, service, phone).enroll(upn=heir.owner_upn, vouched=entra_id(phone))
    assert isinstance(heirs, Activated)
    assert (heirs.device_id, heirs.binding) == (first.device_id, "sign_in_device")


def test_a_wiped_phone_that_registers_anew_keeps_its_row_and_binds_anew(
    scene: Scene, service: Service, phones: list[Device]
) -> None:
    phone = phones[0]
    first = Agent(scene, service, phone).enroll(vouched=entra_id(phone))
    assert isinstance(first, Activated)
    scene.lab.delete(f"{scene.path}/devices/{phone.entra_object_id}")
    made = scene.lab.post(
        f"{scene.path}/devices",
        {"owner": phone.owner_upn, "platform": "ANDROID", "model": phone.model},
    )
    serial = {"managed": {"serial_number": phone.serial_number}} if phone.serial_number else {}
    scene.lab.patch(f"{scene.path}/devices/{made['id']}", {"model": phone.model, **serial})
    scene.forget_changes()
    scene.poll()
    row = now(phone)
    assert (row.entra_object_id, row.activation_status, row.binding) == (UUID(made["id"]), "PENDING", "")
    again = Agent(scene, service, phone).enroll(vouched=str(row.entra_device_id))
    assert isinstance(again, Activated)
    assert (again.device_id, again.binding) == (first.device_id, "sign_in_device")
