"""Drafts are valid reports that intake has not encrypted yet. Copies of a report have drafts with the same name."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared import tracing
from shared.crypto import seal
from shared.crypto.seal import Sealer
from shared.events import HazardReported, HouseholdReported, Message, message, raw_message
from shared.events.vocabulary import SubmissionChannel

SOURCE = "/intake"
NAME_HEADER = "name"  # only records in the spool have this header


class Draft(Protocol):
    name: bytes  # consists of the author, the report id and the version
    channel: SubmissionChannel
    report_id: str
    event_id: str
    unchecked: bytes | None  # the sender's credential, if intake could not check whether the credential is revoked

    @property
    def content(self) -> bytes:
        """Equal reports have equal bytes."""
        ...

    def finish(self, sealer: Sealer) -> Message: ...


@dataclass(slots=True)
class DisplacementDraft:
    """The draft of a household, group or movement.

    Ids stay strings, because a conversion costs time. `stamps` is a JSON object with the fields that intake adds
    (`services/intake/stamps.py`).
    """

    name: bytes
    channel: SubmissionChannel
    report_id: str
    event_id: str
    author: str
    event_type: str
    key: str
    clear: bytes
    plain: bytes
    stamps: bytes
    received_at: datetime
    # The trace of the request, which continues in the task that writes the record.
    traceparent: str | None = field(default_factory=tracing.current)
    unchecked: bytes | None = None
    # The content as the author sent it, before intake corrected a time or added a code. Intake recognises a second copy
    # of the report by this original content.
    original: bytes | None = None

    @property
    def content(self) -> bytes:
        return self.original or content_of(self.clear, self.plain)

    def finish(self, sealer: Sealer) -> Message:
        clear = b"%b,%b" % (self.clear[:-1], self.stamps[1:])
        aad = seal.report_aad(kid=sealer.kid, event_type=self.event_type, event_id=self.event_id, clear=clear)
        value = seal.with_box(clear, sealer.seal_json(self.plain, aad))
        with tracing.continued(self.traceparent):
            return raw_message(
                HouseholdReported.topic,
                self.key,
                value,
                type=self.event_type,
                id=self.event_id,
                source=SOURCE,
                time=self.received_at,
            )


@dataclass(slots=True)
class HazardDraft:
    name: bytes
    channel: SubmissionChannel
    report_id: str
    event_id: str
    content: bytes
    event: HazardReported
    states_scope: bool
    # The trace of the request, which continues in the task that writes the record.
    traceparent: str | None = field(default_factory=tracing.current)
    unchecked: bytes | None = None

    def finish(self, sealer: Sealer) -> Message:  # noqa: ARG002 - a hazard has no sealed fields
        with tracing.continued(self.traceparent):
            return message(self.event, id=self.event_id, source=SOURCE, time=self.event.received_at)


def content_of(clear: bytes, plain: bytes) -> bytes:
    return clear + b"\0" + plain


def marked(message: Message, draft: Draft) -> Message:
    """Return the record for the spool.

    The record of a release to the public lacks the report's name, so a header adds the name.
    """
    if not (isinstance(draft, HazardDraft) and draft.event.is_release):
        return message
    return message._replace(headers=(*message.headers, (NAME_HEADER, draft.name.hex().encode())))


def unmarked(message: Message) -> Message:
    """Remove the report's name before the publication.

    Readers of Kafka must not learn which account released a hazard.
    """
    return message._replace(headers=tuple(header for header in message.headers if header[0] != NAME_HEADER))


def name_in(message: Message) -> bytes | None:
    """Return the name of the report in a spooled record, or None if the record is no report."""
    marks = [value for header, value in message.headers if header == NAME_HEADER]
    if marks:
        return bytes.fromhex(marks[0].decode())
    try:
        fields = json.loads(message.value)
        return name_of(UUID(fields["author"]), UUID(fields["report_id"]).bytes, fields["version"])
    except (ValueError, KeyError, TypeError):
        return None


def name_of(author: UUID, report_id: bytes, version: int) -> bytes:
    return b"%b%b%d" % (author.bytes, report_id, version)
