"""Limits on the fields, lists and values of a report, checked before the report is parsed."""

from dataclasses import dataclass

from services.intake.refusals import Invalid
from shared.web.body_limits import FIELD, LIST, VALUE, exceeds


@dataclass(frozen=True, slots=True)
class Limits:
    """A body with more fields, lists or values is refused before parsing, because parsing blocks all other threads."""

    fields: int
    lists: int
    values: int

    def check(self, raw: bytes) -> None:
        if self.are_exceeded(raw):
            expected = f"at most {self.fields} fields, {self.lists} lists and {self.values} values"
            raise Invalid([{"pointer": "", "expected": expected}])

    def are_exceeded(self, raw: bytes) -> bool:
        return exceeds(raw, {LIST: self.lists, FIELD: self.fields, VALUE: self.values})


# The largest household has 1,476 fields, 228 lists and about 1,700 values. JSON permits repeated fields, so the limits
# are at least twice as high. A hazard without the rings of its polygons stays far below the limits.
REPORT_LIMITS = Limits(fields=3_000, lists=2_000, values=4_000)
# A hazard of 256 KiB has at most 32,768 points, because the shortest point, `[74,42],`, takes 8 bytes. A point is a
# list with two values, so the limits of lists and values follow from the number of points.
HAZARD_LIMITS = Limits(fields=2_000, lists=34_000, values=70_000)
RING_LIMITS = Limits(fields=0, lists=2_001, values=3_999)  # a ring has at most 2,000 points
