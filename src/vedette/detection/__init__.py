"""Pure: facts to findings. The detectors are an explicit tuple; one that raises is a visible failure."""

from dataclasses import dataclass, replace

from vedette.detection import (
    app_behaviour,
    apps,
    device,
    named_apps,
    network,
    organisation,
    settings,
    vulnerabilities,
)
from vedette.detection.detector import Context, Detector
from vedette.verdict.findings import Finding, Observation
from vedette_facts.report import Facts

DETECTORS: tuple[Detector, ...] = (
    Detector("apps", 1, apps.judge),
    Detector("behaviour", 1, app_behaviour.judge),
    Detector("organisation", 1, organisation.judge),
    Detector("device", 1, device.judge),
    Detector("settings", 1, settings.judge),
    Detector("network", 1, network.judge),
    Detector("vulnerabilities", 1, vulnerabilities.judge),
    Detector("named_apps", 1, named_apps.judge),
)


@dataclass(frozen=True)
class DetectorFailure:
    """A detector that could not judge: shown, and never taken for clean (design.md 2, rule 2)."""

    name: str
    message: str


@dataclass(frozen=True)
class Result:
    """Answers of all detectors that could judge, and those that could not."""

    observations: tuple[Observation, ...]
    failures: tuple[DetectorFailure, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings among the answers."""
        return tuple(o.finding for o in self.observations if o.finding is not None)


def run(facts: Facts, context: Context, detectors: tuple[Detector, ...] = DETECTORS) -> Result:
    """Let every detector judge the facts. Of a detector that raises nothing is kept but the failure."""
    observations: list[Observation] = []
    failures = []
    for detector in detectors:
        try:
            answers = [_signed(o, detector) for o in detector.judge(facts, context)]
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the device must not pass for clean
            failures.append(DetectorFailure(detector.name, f"{type(error).__name__}: {error}"))
        else:
            observations += answers
    return Result(tuple(observations), tuple(failures))


def _signed(observation: Observation, detector: Detector) -> Observation:
    if observation.finding is None:
        return observation
    return replace(observation, finding=replace(observation.finding, detector=detector.label))


__all__ = ["DETECTORS", "Context", "Detector", "DetectorFailure", "Result", "run"]
