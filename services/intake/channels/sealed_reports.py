"""Opens reports that phones sealed.

The opened report exists only in memory. Intake checks the report, and then encrypts its fields about people to the
registry's key.
"""

from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec
from pydantic import Field, ValidationError

from services.intake.channels import json_reports
from services.intake.channels.formats import SealedFormat
from services.intake.channels.limits import REPORT_LIMITS
from services.intake.refusals import REPORT_BYTES, ForeignReport, Invalid, NoSuchPhoneKey, TooBig
from shared.auth.tokens import Principal
from shared.crypto.keyring import KEY_ID, UnknownKey
from shared.crypto.seal import SealMismatch, decode
from shared.events.fields import Body, RandomId, Version
from shared.events.vocabulary import SubmissionChannel
from shared.web.problems import field_errors, names_of

ENVELOPE_BYTES = 1024  # space for the overhead of HPKE, and for all fields except `data`
SEALED_BYTES = (REPORT_BYTES * 4 + 2) // 3 + ENVELOPE_BYTES
NOT_OPENED = [{"pointer": "/data", "expected": "a report sealed to this key and for this report_id"}]


class SealedReport(Body):
    """A report without `report_id` and `version`, sealed with HPKE to intake's public key `kid`.

    `data` is the encapsulated key and the ciphertext, as unpadded base64url. The phone cannot decrypt `data`. `version`
    is outside the sealed content. The phone can therefore raise `version` if the centre already has an earlier version.
    `account` is the author's account, and only this account can send the report. `account` is None if the author was
    not signed in.
    """

    report_id: RandomId
    version: Version = 1
    account: UUID | None = None
    kid: Annotated[str, Field(pattern=f"^{KEY_ID}$")]
    data: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=SEALED_BYTES)]


class Inside(msgspec.Struct, gc=False):
    """The sealed content must not contain these fields, because the envelope states them outside the seal."""

    report_id: Any = msgspec.UNSET
    version: Any = msgspec.UNSET


class Keys(Protocol):
    def open(self, sealed: bytes, *, kid: str, report_id: str, account: str) -> bytes: ...


_inside = msgspec.json.Decoder(Inside).decode
NAMES = names_of(SealedReport)
DISPLACEMENTS = SealedFormat(
    "Report a displaced household or group, sealed on a phone.",
    {"application/json": SealedReport},
    opened=json_reports.DISPLACEMENTS,
    body_bytes=SEALED_BYTES,
)
MOVEMENTS = SealedFormat(
    "Report what happened to displaced people later, sealed on a phone.",
    {"application/json": SealedReport},
    opened=json_reports.MOVEMENTS,
    body_bytes=SEALED_BYTES,
)
OBSERVED_HAZARDS = SealedFormat(
    "Report a hazard that a field team saw, sealed on a phone.",
    {"application/json": SealedReport},
    opened=json_reports.OBSERVED_HAZARDS,
    body_bytes=SEALED_BYTES,
)


def opened(raw: bytes, keys: Keys, sender: Principal) -> bytes:
    """Raises ForeignReport, Invalid, NoSuchPhoneKey, TooBig."""
    sealed = read(raw)
    if sender.channel is not SubmissionChannel.FIELD or sealed.account not in (None, sender.account):
        raise ForeignReport
    report = content(sealed, keys)
    whole = b'{"report_id":"%b","version":%d,%b' % (str(sealed.report_id).encode(), sealed.version, report[1:])
    if len(whole) > REPORT_BYTES:
        raise TooBig
    return whole


def content(sealed: SealedReport, keys: Keys) -> bytes:
    """Raises Invalid, NoSuchPhoneKey."""
    account = str(sealed.account or "")
    try:
        report = keys.open(decode(sealed.data), kid=sealed.kid, report_id=str(sealed.report_id), account=account)
    except UnknownKey:
        raise NoSuchPhoneKey from None
    except (SealMismatch, ValueError):
        raise Invalid(NOT_OPENED) from None
    check_inside(report)
    return report


def check_inside(report: bytes) -> None:
    """Raises Invalid if the report is no JSON object, or repeats a field that is outside the seal."""
    try:
        inside = _inside(report)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Invalid(NOT_OPENED) from None
    repeated = [name for name in inside.__struct_fields__ if getattr(inside, name) is not msgspec.UNSET]
    if repeated or report[:1] != b"{":
        raise Invalid([{"pointer": f"/{name}", "expected": "only outside the seal"} for name in repeated] or NOT_OPENED)


def read(raw: bytes) -> SealedReport:
    """Raises Invalid."""
    REPORT_LIMITS.check(raw)
    try:
        return SealedReport.model_validate_json(raw)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_context=False, include_url=False)
        raise Invalid(field_errors(errors, NAMES)) from None
