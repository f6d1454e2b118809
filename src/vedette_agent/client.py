"""The agent's core: enroll, check in, status over asyncio, with any store. The command line stands on it."""

import asyncio
import datetime as dt
from urllib.parse import urlsplit

import msgspec

from vedette_agent import __version__
from vedette_agent.identity import Enrolment, Identity, PrivateKey
from vedette_agent.queue import MAX_ENTRIES, Entry, renumbered, surplus
from vedette_agent.store import State, Store
from vedette_agent.transport import Offline, Refused, Transport, read_answer
from vedette_facts import jose
from vedette_facts.canonical import digest_of
from vedette_facts.privacy import withheld
from vedette_facts.protocol import (
    CHECK_IN_PATH,
    ENROLL_PATH,
    ENROLL_TYP,
    REPORT_TYP,
    STATUS_PATH,
    STATUS_TYP,
    Activated,
    AppConfiguration,
    CheckInAnswer,
    DeviceStatus,
    EnrollDevice,
    EnrollRequest,
    ReportRequest,
    SignedIn,
    StatusRequest,
    Waiting,
)
from vedette_facts.report import Facts, canonical

_NEVER_ACCEPTED = frozenset({"malformed", "too_large"})
"""Errors of one report: the next ones may be fine, so it is set aside instead of blocking the queue."""

_SPENT = frozenset(
    {
        *("unknown_code", "expired_code", "used_code", "retired_identity"),
        *("unknown_device", "unknown_organisation", "sign_in_refused", "way_not_allowed"),
    }
)
"""Errors after which asking again with this code, configuration or sign-in and this key is of no use."""


class NotEnrolled(RuntimeError):  # noqa: N818 - named for what it tells the person
    """No activated identity is here; the text says what to do."""


class BadAddress(ValueError):  # noqa: N818 - named for what it tells the person
    """The service's address is not one that may be used."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending: how many reports were accepted, the answer to the last, how many still wait."""

    accepted: int
    queued: int
    answer: CheckInAnswer | None = None


class AgentClient:
    """One phone. Calls of one client are serialised; many clients may share one httpx.AsyncClient."""

    def __init__(self, store: Store, transport: Transport, *, max_queue: int = MAX_ENTRIES) -> None:
        self.store = store
        self._transport = transport
        self._max_queue = max_queue
        self._lock = asyncio.Lock()

    @property
    def transport(self) -> Transport:
        """What it sends with, for other clients of the same phone."""
        return self._transport

    async def enroll(
        self, server: str, code: str, device: EnrollDevice, *, entra_device_id: str | None = None
    ) -> Activated | Waiting:
        """Ask for activation with a key made here; the old identity stays until the new one is activated.

        The same code asks again with the same key, so a lost answer costs nothing. Refused, Offline,
        BadAddress.
        """
        return await self._enroll(
            Enrolment(
                server=server,
                private_key=PrivateKey.make(),
                code=code,
                device=device,
                entra_device_id=entra_device_id,
            )
        )

    async def enroll_configured(
        self, server: str, told: AppConfiguration, device: EnrollDevice
    ) -> Activated | Waiting:
        """Ask for activation by what the MDM's app configuration says; like `enroll` otherwise."""
        return await self._enroll(
            Enrolment(server=server, private_key=PrivateKey.make(), configuration=told, device=device)
        )

    async def enroll_signed_in(
        self, server: str, private_key: PrivateKey, id_token: str, device: EnrollDevice
    ) -> Activated | Waiting:
        """Ask for activation by a sign-in, whose token was made for this key; like `enroll` otherwise."""
        signed_in = SignedIn(id_token=id_token)
        return await self._enroll(
            Enrolment(server=server, private_key=private_key, sign_in=signed_in, device=device)
        )

    async def _enroll(self, wanted: Enrolment) -> Activated | Waiting:
        async with self._lock:
            wanted = msgspec.structs.replace(wanted, server=checked_address(wanted.server))
            pending = self.store.enrolment()
            if pending is not None and _proof(pending) == _proof(wanted):
                wanted = msgspec.structs.replace(wanted, private_key=pending.private_key)
            self.store.keep_enrolment(wanted)
            return await self._ask(wanted)

    async def resume(self) -> Activated | Waiting | None:
        """Repeat an enrolment that waits (requirement D3), None when there is none; Refused, Offline."""
        async with self._lock:
            pending = self.store.enrolment()
            return None if pending is None else await self._ask(pending)

    async def observe(self, facts: Facts, observed_at: dt.datetime | None = None) -> Entry:
        """Queue a report without sending it; NotEnrolled."""
        async with self._lock:
            return self._enqueue(facts, observed_at)

    async def check_in(self, facts: Facts, observed_at: dt.datetime | None = None) -> Outcome:
        """Queue a report and send all that wait, oldest first; NotEnrolled, Refused, Offline (it waits)."""
        async with self._lock:
            self._enqueue(facts, observed_at)
            return await self._flush()

    async def flush(self) -> Outcome:
        """Send all that wait, oldest first; NotEnrolled, Refused, Offline (they wait on)."""
        async with self._lock:
            return await self._flush()

    async def status(self) -> DeviceStatus:
        """Ask what the service thinks of this phone; NotEnrolled, Refused, Offline."""
        async with self._lock:
            identity = self.identity()
            key = identity.private_key.key()

            def message() -> str:
                request = StatusRequest(
                    device_id=identity.device_id, audience=identity.server, sent_at=self._transport.now()
                )
                return jose.sign(request, key, STATUS_TYP)

            response = await self._transport.post(identity.server + STATUS_PATH, message)
            try:
                status = read_answer(response, DeviceStatus)
            except Refused as refusal:
                self._note_retirement(refusal)
                raise
            self._change(last_status=status)
            return status

    async def _ask(self, pending: Enrolment) -> Activated | Waiting:
        key = pending.private_key.key()

        def message() -> str:
            request = EnrollRequest(
                code=pending.code,
                configuration=pending.configuration,
                sign_in=pending.sign_in,
                sent_at=self._transport.now(),
                audience=pending.server,
                device=pending.device,
                entra_device_id=pending.entra_device_id,
                agent_version=__version__,
            )
            return jose.sign(request, key, ENROLL_TYP)

        response = await self._transport.post(pending.server + ENROLL_PATH, message)
        try:
            answer = read_answer(response, Activated | Waiting)  # type: ignore[arg-type]  # mypy takes a union for no type
        except Refused as refusal:
            if refusal.code in _SPENT:
                self.store.keep_enrolment(None)
            raise
        if isinstance(answer, Waiting):
            self.store.keep_enrolment(msgspec.structs.replace(pending, waiting=answer))
            return answer
        return self._activate(pending, answer)

    def _activate(self, pending: Enrolment, answer: Activated) -> Activated:
        identity = Identity(
            server=pending.server,
            private_key=pending.private_key,
            device_id=answer.device_id,
            key_id=pending.private_key.key_id,
            binding=answer.binding,
            enrolled_at=self._transport.now(),
        )
        self.store.activate(identity)
        self._change(check_in_seconds=answer.check_in_seconds)
        return answer

    def _enqueue(self, facts: Facts, observed_at: dt.datetime | None) -> Entry:
        identity, state = self.identity(), self.store.state()
        waiting = self._waiting(identity)
        number = max([state.sequence, *(entry.sequence for entry in waiting)]) + 1
        text = canonical(withheld(facts, state.collect))
        entry = Entry(
            key_id=identity.key_id,
            sequence=number,
            observed_at=observed_at or self._transport.now(),
            digest=digest_of(text),
        )
        self._change(sequence=number)  # before the report: a number that was used is never used again
        self.store.queue.add(entry, text)
        surplus_entries = surplus([*waiting, entry], self._max_queue)
        for old in surplus_entries:
            self.store.queue.remove(old)
        if surplus_entries:
            self._change(dropped=state.dropped + len(surplus_entries))
        return entry

    async def _flush(self) -> Outcome:
        identity = self.identity()
        self._respect_wait()
        accepted, answer, refused, renumbering = 0, None, None, False
        while waiting := self._waiting(identity):
            entry = waiting[0]
            try:
                answer = await self._send(identity, entry)
            except Refused as refusal:
                if refusal.code in _NEVER_ACCEPTED:
                    self.store.queue.set_aside(entry)
                    refused = refusal
                elif refusal.code == "sequence_reused" and refusal.answer.last_sequence and not renumbering:
                    self._renumber(waiting, refusal.answer.last_sequence)
                    renumbering = True
                elif refusal.code == "facts_needed" and not entry.whole:
                    whole = msgspec.structs.replace(entry, whole=True)
                    self.store.queue.add(whole, self.store.queue.facts(entry.digest))
                else:
                    self._note_retirement(refusal)
                    raise
            except Offline as offline:
                self._change(not_before=offline.retry_at)
                raise
            else:
                accepted += 1
                self._accepted(entry, answer)
        if refused is not None:
            raise refused
        return Outcome(accepted=accepted, queued=0, answer=answer)

    async def _send(self, identity: Identity, entry: Entry) -> CheckInAnswer:
        key = identity.private_key.key()
        known = self.store.state().accepted_digest == entry.digest and not entry.whole
        facts = msgspec.Raw(b"null" if known else self.store.queue.facts(entry.digest))

        def message() -> str:
            request = ReportRequest(
                device_id=identity.device_id,
                audience=identity.server,
                sequence=entry.sequence,
                observed_at=entry.observed_at,
                sent_at=self._transport.now(),
                facts=facts,
                unchanged=entry.digest if known else None,
            )
            return jose.sign(request, key, REPORT_TYP)

        return read_answer(
            await self._transport.post(identity.server + CHECK_IN_PATH, message), CheckInAnswer
        )

    def _accepted(self, entry: Entry, answer: CheckInAnswer) -> None:
        self._change(
            accepted_digest=entry.digest,
            check_in_seconds=answer.check_in_seconds,
            clock_skew_seconds=answer.clock_skew_seconds,
            last_accepted_at=self._transport.now(),
            last_status=answer.state,
            collect=answer.collect,
            not_before=None,
        )
        self.store.queue.remove(entry)

    def _renumber(self, waiting: list[Entry], last_sequence: int) -> None:
        """Count on from the service's number: this home was restored from an older copy."""
        first = max(self.store.state().sequence, last_sequence) + 1
        self._change(sequence=first + len(waiting) - 1)
        for old, new in zip(waiting, renumbered(waiting, first), strict=True):
            self.store.queue.add(new, self.store.queue.facts(old.digest))
            self.store.queue.remove(old)

    def identity(self) -> Identity:
        """Give the activated identity; NotEnrolled."""
        identity = self.store.identity()
        if identity is None:
            raise NotEnrolled("This phone is not activated yet. Enroll it with an activation code first.")
        if self.store.state().retired:
            raise NotEnrolled(
                "This phone's identity was retired by your organisation. "
                "Enroll it again with a new activation code."
            )
        return identity

    def _waiting(self, identity: Identity) -> list[Entry]:
        return [entry for entry in self.store.queue.entries() if entry.key_id == identity.key_id]

    def _respect_wait(self) -> None:
        until = self.store.state().not_before
        if until is not None and self._transport.now() < until:
            raise Offline(f"The service asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC.", until)

    def _note_retirement(self, refusal: Refused) -> None:
        if refusal.code == "retired_identity":
            self._change(retired=True)

    def _change(self, **changes: object) -> State:
        state = msgspec.structs.replace(self.store.state(), **changes)
        self.store.keep_state(state)
        return state


def _proof(enrolment: Enrolment) -> tuple[object, ...]:
    """Return what an enrolment is asked with: the same asks again with the same key, so a lost answer costs nothing."""
    return enrolment.server, enrolment.code, enrolment.configuration, enrolment.sign_in


def checked_address(server: str) -> str:
    """Give the service's address without a slash at the end; BadAddress unless https, or http on loopback.

    Reports are signed but not encrypted: over plain HTTP everyone on the way could read them.
    """
    parts = urlsplit(server.strip())
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise BadAddress(f"{server!r} is not an address. It looks like https://vedette.example.com")
    if parts.scheme == "http" and not local:
        raise BadAddress(f"{server} is not encrypted. Use https:// (http:// is for this machine only).")
    return server.strip().rstrip("/")
