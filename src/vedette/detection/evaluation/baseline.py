"""The baseline anyone can build: logistic regression, families unseen (detection.md 3).

On the permissions that applications request; on every three letters of the host of links.
"""

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

from vedette.detection.evaluation.records import Record

FOLDS: Final = 5
_ROUNDS: Final = 60
_RATE: Final = 0.5
_SHRINK: Final = 1e-3


def baseline_predictions(records: Sequence[Record]) -> list[bool] | None:
    """Predict each record by a model that saw neither its family nor, if it is harmless, its signer's group.

    None where the records hold one label only: then nothing can be learned. The split is by hash, so the same data give
    the same figures.
    """
    if len({record.label for record in records}) < 2:  # noqa: PLR2004 - both labels
        return None
    folds = [_fold(record) for record in records]
    predicted = [False] * len(records)
    for fold in range(FOLDS):
        train = [record for record, f in zip(records, folds, strict=True) if f != fold]
        weights, bias = _fit(train)
        for position, (record, f) in enumerate(zip(records, folds, strict=True)):
            if f == fold:
                predicted[position] = bias + sum(weights.get(name, 0.0) for name in record.features) > 0
    return predicted


def _fold(record: Record) -> int:
    group = record.family if record.label == "malicious" and record.family else record.identity
    return blake2b(group.encode("utf-8", "surrogatepass"), digest_size=2).digest()[0] % FOLDS


def _fit(records: Sequence[Record]) -> tuple[Mapping[str, float], float]:
    """Fit by gradient descent over the whole set, both labels weighing the same."""
    harmful = sum(record.label == "malicious" for record in records)
    share = {"malicious": 0.5 / max(harmful, 1), "benign": 0.5 / max(len(records) - harmful, 1)}
    weights: dict[str, float] = {}
    bias = 0.0
    for _ in range(_ROUNDS):
        slopes: dict[str, float] = {}
        level = 0.0
        for record in records:
            score = bias + sum(weights.get(name, 0.0) for name in record.features)
            error = (_sigmoid(score) - (record.label == "malicious")) * share[record.label]
            level += error
            for name in record.features:
                slopes[name] = slopes.get(name, 0.0) + error
        bias -= _RATE * 4 * level
        for name, slope in slopes.items():
            known = weights.get(name, 0.0)
            weights[name] = known - _RATE * 4 * (slope + _SHRINK * known)
    return weights, bias


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))
