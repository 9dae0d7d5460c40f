"""Describes formats of reports: their content types, readers and size limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from services.intake.refusals import REPORT_BYTES, ReportRefused
from services.intake.structs import DisplacementStruct
from shared.events import GroupReport, HazardReport, HouseholdReport
from shared.events.movements import MovementBody

Report = HouseholdReport | GroupReport | MovementBody | HazardReport | DisplacementStruct
# Maps a content type to the model of the body. With `str`, the OpenAPI document describes the body as plain text.
Content = Mapping[str, type[BaseModel] | type[str]]

BATCH_BYTES = 2 * 1024 * 1024


def only_in_a_thread(raw: bytes) -> None:  # noqa: ARG001 - a format without a reader for the event loop
    return None


@dataclass(frozen=True, slots=True)
class SingleFormat:
    """`read_at_once` runs on the event loop, for at most 5 ms.

    `read_at_once` returns None for an invalid body, and for a body that needs more time. Intake then calls `read` in a
    thread. `read` raises ReportRefused for an invalid body.
    """

    summary: str
    content: Content
    read: Callable[[bytes], Report]
    read_at_once: Callable[[bytes], Report | None] = only_in_a_thread
    body_bytes: int = REPORT_BYTES


@dataclass(frozen=True, slots=True)
class SealedFormat:
    """`opened` is the format of the decrypted report."""

    summary: str
    content: Content
    opened: SingleFormat
    body_bytes: int


@dataclass(frozen=True, slots=True)
class BatchFormat:
    """`read` returns a report or a refusal for each report of the body, in order.

    `read` raises ReportRefused if it cannot split the body into reports.
    """

    summary: str
    content: Content
    read: Callable[[bytes], Sequence[Report | ReportRefused]]
    read_at_once: Callable[[bytes], Sequence[Report] | None] = only_in_a_thread
    body_bytes: int = BATCH_BYTES
