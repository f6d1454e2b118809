"""Where audited acts take place: a tenant with phones and somebody with full access, and what an act needs of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.connectors.scene import Scene
from tests.support.console import Member, audit
from tests.support.microsoft import PERMISSIONS
from tests.support.world import ADA

from vedette.compliance.models import Brake
from vedette.connectors import destination_acts, errors
from vedette.connectors.destination_acts import Wish as Wished
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.errors import Problem
from vedette.connectors.models import SparedPerson
from vedette.devices import invitations
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.feeds import file_rules, store
from vedette.feeds.models import FileRules
from vedette.foundation import clock, config, database
from vedette.scans import analysis
from vedette.scans.models import Scan
from vedette.tenants import application_keys
from vedette.tenants.application_keys import Scope, Wish
from vedette.tenants.models import Tenant
from vedette.threats.models import AppEntry, CapabilityRule, Threat
from vedette_facts import jose


@dataclass
class Stage:
    """A tenant with phones, of which the first has a threat, and somebody with full access."""

    scene: Scene
    who: Member
    phone: Device
    spare: Device

    def post(self, route: str, /, *arguments: Any, **form: Any) -> Any:
        return self.who.post(reverse(route, args=arguments), **form)

    def get(self, route: str) -> Any:
        return self.who.export(reverse(route))

    def threat(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return Threat.objects.get(device=self.phone, classification="TROJAN").id

    def secure_post(self, route: str) -> Any:
        """Post where people reach the service by HTTPS."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VEDETTE_PUBLIC_URL", "https://vedette.example")
            config.current.cache_clear()
            answer = self.post(route)
        config.current.cache_clear()
        return answer

    def mailbox(self) -> str:
        """A mailbox at Microsoft that the application may send from."""
        app, organisation = self.scene.microsoft.client_id, self.scene.organisation
        body = {"client_id": app, "permissions": [*PERMISSIONS, "Mail.Send"]}
        self.scene.lab.post(f"/tenants/{organisation.id}/consents", body)
        return organisation.people["full"]

    def file_rules(self) -> UUID:
        """The set of rules that is there, else one that is put there."""
        with database.writer(self.scene.tenant_id):
            row = FileRules.objects.first()
            return (row or file_rules.save("ours", "rule x { condition: false }", ["x"], ADA)).id

    def invitation(self) -> UUID:
        """An invitation that nobody has used."""
        with database.writer(self.scene.tenant_id):
            return invitations.invite_device(self.spare, ADA).invitation.id

    def failed_batch(self) -> UUID:
        with database.writer(self.scene.tenant_id):
            batch = invitations.prepare_batch(self.scene.tenant_id, ADA)
            assert batch
            invitations.fail_rest(self.scene.tenant_id, batch, "550 no such person")
            return batch

    def waiting(self) -> UUID:
        """An app that waits with a code of its own."""
        key, now = jose.public_jwk(jose.new_key()), clock.now()
        with database.writer(self.scene.tenant_id):
            row = WaitingIdentity.objects.create(
                tenant_id=self.scene.tenant_id,
                invitation=Invitation.objects.get(id=self.invitation()),
                key_id=jose.key_id(key),
                public_jwk=key,
                claim={"platform": self.spare.platform, "model": self.spare.model, "agent_version": "1"},
                reason="needs_confirmation",
                first_seen_at=now,
                last_seen_at=now,
            )
            return row.id

    def error(self) -> UUID:
        return errors.record(self.scene.tenant_id, "intune", Problem("poll", "odd", "Odd.")).id

    def tenant_name(self) -> str:
        with database.tenant(self.scene.tenant_id):
            return str(Tenant.objects.values_list("name", flat=True).get())

    def brake(self, kind: str, **detail: str) -> UUID:
        """A brake that holds nobody, pulled by what happened last."""
        with database.writer(self.scene.tenant_id):
            row = Brake.objects.create(
                tenant_id=self.scene.tenant_id,
                key=f"{kind}:x",
                kind=kind,
                limit=10,
                detail=detail,
                pulled_at=clock.now(),
            )
            return row.id

    def address(self, route: str, /, *arguments: Any) -> str:
        return reverse(route, args=arguments)

    def getprop(self) -> SimpleUploadedFile:
        return SimpleUploadedFile("getprop.txt", b"[ro.build.version.release]: [15]\n[ro.secure]: [0]\n")

    def minute(self) -> str:
        return clock.now().strftime("%Y-%m-%dT%H:%M")

    def last_scan(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return Scan.objects.latest("created_at").id

    def scan(self) -> UUID:
        """The scan that was uploaded last, analysed."""
        scan_id = self.last_scan()
        analysis.analyse(self.scene.tenant_id, scan_id)
        return scan_id

    def entry(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return AppEntry.objects.values_list("id", flat=True).get()

    def rule(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return CapabilityRule.objects.values_list("id", flat=True).get()

    def old_feed(self) -> str:
        """A feed with a version to go back to."""
        for package in ("org.x.a", "org.x.b"):
            text = f"- name: A\n  type: adware\n  packages: [{package}]".encode()
            store.import_document("ads", text)
        return "ads"

    def policy_brake(self) -> UUID:
        event = audit(self.scene.world, "policy.levels_changed")[-1]
        return self.brake("policy", event=str(event.id))

    def key(self) -> UUID:
        with database.writer(self.scene.tenant_id):
            return application_keys.create(Wish("SIEM", [Scope.EVENTS]), ADA).row.id

    def risk_group(self) -> UUID:
        """A group that phones and people at risk may be put into, made at first sight."""
        found = [g for g in self.scene.lab.get(self.scene.path)["groups"] if g["display_name"] == "At risk"]
        made = found or [self.scene.lab.post(f"{self.scene.path}/groups", {"display_name": "At risk"})]
        return UUID(made[0]["id"])

    def spared(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return SparedPerson.objects.values_list("id", flat=True).get()

    def destination(self) -> Destination:
        """A webhook to nowhere with a signing secret, made at first sight."""
        wish = Wished(
            "SOC", ["THREAT"], 0, [], {"template": "json", "host": "x"}, {"url": "http://127.0.0.1:9/"}
        )
        with database.writer(self.scene.tenant_id):
            found = Destination.objects.exclude(name="Teams").first()
            return found or destination_acts.create(self.scene.tenant_id, "webhook", wish, ADA)[0]

    def letter(self) -> UUID:
        """An event that it refused, new or the one that waits."""
        row, now = self.destination(), clock.now()
        given = {"event_id": row.pk, "type": "AUDIT", "action": "x", "code": "rejected"}
        with database.writer(self.scene.tenant_id):
            letter, _made = DeadLetter.objects.update_or_create(
                tenant_id=row.tenant_id,
                destination=row,
                position=1,
                defaults=given | {"occurred_at": now, "failed_at": now, "replay": False},
            )
            return letter.pk

    def group(self, name: str) -> UUID:
        return UUID(self.scene.group(name)["id"])


Act = Callable[[Stage], Any]
Changed = tuple[str, Any, Any] | None
Audited = tuple[str, Act, str, Changed]
"""Route, what is done there, the audit row it leaves, and what it changed (attribute, from, to; ... is anything)."""
