"""Pure: how well applications and links are judged, on labelled records (docs/detection.md)."""

from vedette.detection.evaluation.baseline import baseline_predictions
from vedette.detection.evaluation.metrics import Interval, Tally, tally, wilson
from vedette.detection.evaluation.records import (
    Record,
    RecordError,
    deduplicated,
    read_line,
    with_acquisition,
)
from vedette.detection.evaluation.verdicts import Verdict, judge_link_record, judge_record

__all__ = [
    "Interval",
    "Record",
    "RecordError",
    "Tally",
    "Verdict",
    "baseline_predictions",
    "deduplicated",
    "judge_link_record",
    "judge_record",
    "read_line",
    "tally",
    "wilson",
    "with_acquisition",
]
