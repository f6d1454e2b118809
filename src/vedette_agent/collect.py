"""Where an agent's facts come from: a file or an acquisition, this Android device itself, or one on adb."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from vedette_agent import __version__
from vedette_facts.acquisition.read import read
from vedette_facts.android.live import Run, file_exists, over_adb, run_here, texts_of
from vedette_facts.android.texts import facts_of
from vedette_facts.limits import UnreadableError
from vedette_facts.protocol import EnrollDevice
from vedette_facts.report import AgentFacts, Facts, FactsError

AGENT = AgentFacts(version=__version__)


class CollectError(RuntimeError):
    """No facts could be had; the text says why and what to do."""


class Collector(Protocol):
    """A source of facts."""

    def collect(self) -> Facts: ...  # noqa: D102 - the class says it


@dataclass(frozen=True)
class FileCollector:
    """Facts from a JSON file (docs/device-protocol.md, section "Facts") or from an acquisition of the phone."""

    path: Path

    def collect(self) -> Facts:
        """Read and check it; CollectError names what is wrong."""
        try:
            acquired = read(self.path)
        except UnreadableError as error:
            raise CollectError(f"{self.path} cannot be read: {error}") from error
        if acquired.facts is None:
            why = " ".join(f"{part.path}: {part.why}" for part in acquired.unread[:3])
            raise CollectError(f"{self.path} holds no facts of a phone. {why}".strip())
        is_report = acquired.facts.agent.version != "acquisition"
        return acquired.facts if is_report else msgspec.structs.replace(acquired.facts, agent=AGENT)


@dataclass(frozen=True)
class AndroidCollector:
    """What an Android shell may see: properties, settings, packages and services. The rest stays unknown."""

    run: Run = run_here
    exists: Callable[[str], bool] = lambda path: Path(path).exists()

    def collect(self) -> Facts:
        """Ask the device; CollectError where there is no getprop."""
        texts = texts_of(self.run, self.exists)
        if texts is None:
            raise CollectError(
                "This machine is not an Android device (there is no getprop). "
                "Name a file with the phone's facts: --facts FILE."
            )
        try:
            return facts_of(texts, AGENT)
        except FactsError as error:
            raise CollectError(f"The phone tells more than a report may hold: {error}.") from error


def adb_collector(serial: str) -> AndroidCollector:
    """Collect from the phone on adb (an empty serial: the only one). CollectError without adb."""
    try:
        run = over_adb(serial)
    except UnreadableError as error:
        raise CollectError(str(error)) from error
    return AndroidCollector(run, file_exists(run))


def enroll_device(facts: Facts, name: str | None = None) -> EnrollDevice:
    """Give what enrolment says of the phone, taken from its facts."""
    device = facts.device
    return EnrollDevice(
        platform=device.platform,
        manufacturer=device.manufacturer,
        model=device.model,
        os_version=device.os_version,
        name=name,
    )
