"""Reads many reports of any kind from a JSON array, or from JSON lines.

If a report is invalid, the valid reports of the body are still accepted.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import Annotated

from pydantic import FailFast, Field, RootModel, TypeAdapter

from services.intake import structs
from services.intake.channels import json_reports
from services.intake.channels.formats import BatchFormat, Report
from services.intake.channels.json_reports import HazardItem, at_once, lists
from services.intake.channels.limits import HAZARD_LIMITS, REPORT_LIMITS, Limits
from services.intake.refusals import REPORT_BYTES, Invalid, ReportRefused, TooBig, TooMany
from shared.events import GroupReport, HouseholdReport
from shared.events.movements import GroupMovementReport, HouseholdMovementReport, SiteMovementReport
from shared.web.problems import ERRORS

ITEMS = 1_000
BATCH_LISTS, BATCH_ERRORS = 250_000, 5_000
PIECE_BYTES = 256 * 1024
# BETWEEN and WITHIN skip short JSON strings, and stop at a bracket or at a long string. A match blocks all other
# threads, so the patterns limit their repetitions, for example to {0,5000}.
SHORT_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+){0,20}+"'
BETWEEN = re.compile(rb'(?:[^][{},"]++|%b){0,5000}+([][{},"]?)' % SHORT_TEXT, re.DOTALL)
WITHIN = re.compile(rb'(?:[^][{}"]++|%b){0,5000}+([][{}"]?)' % SHORT_TEXT, re.DOTALL)
REST_OF_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+){0,20000}+("?)', re.DOTALL)
LINE = re.compile(rb"[^\n]+")
STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}

AnyMovement = HouseholdMovementReport | GroupMovementReport | SiteMovementReport
AnyReport = HouseholdReport | GroupReport | AnyMovement | HazardItem
Item = Annotated[AnyReport, Field(discriminator="kind")]
ITEM: TypeAdapter[AnyReport] = TypeAdapter(Item)
# ITEM_LIST validates the whole list, and fails at the first invalid item. After a failure, `read` validates each item
# separately.
ITEM_LIST: TypeAdapter[list[AnyReport]] = TypeAdapter(Annotated[list[Item], FailFast()])


class BatchBody(RootModel[Annotated[list[Item], Field(max_length=ITEMS)]]):
    """A list of households, groups, movements and hazards; `kind` distinguishes them."""


def read_at_once(raw: bytes) -> Sequence[Report] | None:
    reports = at_once(raw, ITEM_LIST, structs.read_all)
    return reports if reports is not None and len(reports) <= ITEMS else None


def read(raw: bytes) -> list[Report | ReportRefused]:
    """Raises Invalid if the body cannot be split, and TooMany if the body has too many reports."""
    is_array = raw.lstrip()[:1] == b"["
    items = split(raw) if is_array else list(islice(lines(raw), ITEMS + 1))
    if len(items) > ITEMS:
        raise TooMany(ITEMS)
    most = min(ERRORS, BATCH_ERRORS // max(1, len(items)))
    return [validated(item, most=most) for item in items]


def lines(raw: bytes) -> Iterator[bytes]:
    return (line[0] for line in LINE.finditer(raw) if line[0].strip())


def validated(item: bytes, *, most: int = ERRORS) -> Report | ReportRefused:
    if len(item) > REPORT_BYTES:
        return TooBig()
    try:
        return json_reports.checked(item, ITEM, limits=limits(item), most=most)
    except Invalid as invalid:
        # Return a new exception, because the traceback of `invalid` would keep the report in memory.
        return Invalid(invalid.errors)


def limits(item: bytes) -> Limits:
    """The kind of the item is not known before parsing.

    Any item with the text "hazard" gets the wide limits of a hazard.
    """
    return HAZARD_LIMITS if b'"hazard"' in item else REPORT_LIMITS


def split(raw: bytes) -> Sequence[bytes]:
    """Cut the array into its items without parsing them, so that each item can be valid or invalid by itself."""
    if has_too_many_lists(raw):
        raise Invalid([{"pointer": "", "expected": f"at most {BATCH_LISTS} lists and objects"}])
    cuts, depth, position = [], 0, 0
    while position < len(raw) and (match := (BETWEEN if depth == 1 else WITHIN).match(raw, position)):
        sign, position = match[1], match.end()
        if sign == b'"':
            position = end_of_text(raw, position)
        depth += STEPS.get(sign, 0)
        if sign and (depth == 0 or (depth == 1 and sign in b"[,")):
            cuts.append(position - 1)
        if depth == 0:
            break
        if len(cuts) > ITEMS + 1:
            raise TooMany(ITEMS)
    if depth or raw[cuts[-1] + 1 :].strip():
        raise Invalid([{"pointer": "", "expected": "a JSON array of reports, or one report a line"}])
    return [raw[start + 1 : end] for start, end in pairwise(cuts)]


def has_too_many_lists(raw: bytes) -> bool:
    """Count the lists piece by piece. The count of a piece blocks all other threads."""
    pieces = (raw[start : start + PIECE_BYTES] for start in range(0, len(raw), PIECE_BYTES))
    return any(count > BATCH_LISTS for count in accumulate(map(lists, pieces)))


def end_of_text(raw: bytes, position: int) -> int:
    """Return the position after the closing quote, or the end of the body if there is no closing quote."""
    while match := REST_OF_TEXT.match(raw, position):
        if match[1]:
            return match.end()
        # An empty match means that the body ends with a backslash.
        if match.end() == position:
            break
        position = match.end()
    return len(raw)


REPORTS = BatchFormat(
    "Up to 1,000 reports of any kind.",
    {"application/json": BatchBody, "application/x-ndjson": str},
    read=read,
    read_at_once=read_at_once,
)
