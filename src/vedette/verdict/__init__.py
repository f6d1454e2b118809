"""Pure: risk levels, the 49 classifications, findings, policy and decide()."""

from vedette.verdict.classifications import CLASSIFICATIONS, Classification, classification
from vedette.verdict.decide import Decision, Reason, decide, unanswered
from vedette.verdict.findings import Evidence, Finding, Observation
from vedette.verdict.policy import DEFAULT_POLICY, Level, Policy
from vedette.verdict.reconcile import Changes, reconcile
from vedette.verdict.risk import Response, Risk, highest
from vedette.verdict.states import ATTRIBUTE, HEALTH, DeviceState, at_or_under, health
from vedette.verdict.summaries import summary_in

__all__ = [
    "ATTRIBUTE",
    "CLASSIFICATIONS",
    "DEFAULT_POLICY",
    "HEALTH",
    "Changes",
    "Classification",
    "Decision",
    "DeviceState",
    "Evidence",
    "Finding",
    "Level",
    "Observation",
    "Policy",
    "Reason",
    "Response",
    "Risk",
    "at_or_under",
    "classification",
    "decide",
    "health",
    "highest",
    "reconcile",
    "summary_in",
    "unanswered",
]
