"""Sends an SMS to the gateway of a profile through `shared.outbound`, and reads the gateway's answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from services.alerts.channels import Undelivered
from services.alerts.config import AlertsSettings
from services.alerts.sms import profiles
from services.alerts.sms.profiles import AcceptedAnswer, BodyFormat, GatewayProfile, GatewayReceipts, Value, filled
from services.alerts.sms.segments import Segments
from shared.config import secret
from shared.outbound import Outbound, Response
from shared.outbound_errors import OutboundError
from shared.retry_after import pause

CONTENT_TYPES = {BodyFormat.JSON: "application/json", BodyFormat.FORM: "application/x-www-form-urlencoded"}
LONGEST_ID = 100
AWAITS_RECEIPT = "awaits_receipt"  # The gateway accepted the message, but has sent no receipt yet.
# Pages may show an error code of this form, because the code is too short to be a telephone number.
SHORT_CODE = re.compile(r"-?\d{1,6}|[A-Za-z][A-Za-z.-]{0,30}")


class NoSecret(OutboundError):
    """ALERTS_SMS_SECRET_FILE names no file with a secret."""

    reason = "no_sms_secret"


class SmsReceiptState(StrEnum):
    """The state that a receipt states for an SMS. A later state in this list replaces an earlier one."""

    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """All attempts about the same deliveries have one `id`."""

    id: UUID
    number: str
    segments: Segments


class SmsGateway:
    """The secret is read for each call, so that a new secret needs no restart."""

    def __init__(self, profile: GatewayProfile, secret_file: str | None, outbound: Outbound) -> None:
        self._profile, self._secret_file, self._outbound = profile, secret_file, outbound

    @property
    def is_outside_exercise(self) -> bool:
        return self._outbound.gate.is_outside_exercise(self._profile.url)

    async def send(self, message: ShortMessage) -> str | None:
        """Returns the gateway's id of the SMS, or None if the gateway gives no id.

        Raises Undelivered or OutboundError.
        """
        response = await self._post(self._profile.url, self._profile.fields, self._values(message))
        return accepted(response, self._profile.accepted)

    @property
    def deadline(self) -> timedelta | None:
        """Returns None if the gateway gives no receipts."""
        receipts = self._profile.receipts
        return None if receipts is None else timedelta(minutes=receipts.deadline_minutes)

    @property
    def is_asked(self) -> bool:
        """Returns True if Dayar must ask for receipts, and False if the gateway pushes receipts."""
        receipts = self._profile.receipts
        return receipts is not None and receipts.pushed is None

    def receipt_id(self, id: UUID, message_id: str | None) -> str | None:
        """Returns the id that receipts state, which is Dayar's `id` or the gateway's `message_id`."""
        receipts = self._profile.receipts
        return str(id) if receipts is not None and receipts.has_own_id else message_id

    @property
    def gives_receipts_of_parts(self) -> bool:
        receipts = self._profile.receipts
        return receipts is not None and receipts.are_of_parts

    async def receipt(self, id: UUID, message_id: str, parts: int) -> SmsReceiptState | None:
        """Returns None as long as the state is not known. Raises OutboundError."""
        receipts = self._profile.receipts
        assert receipts is not None
        assert receipts.url is not None
        values = {"message_id": message_id, "id": str(id), "secret": self._secret()}
        response = await self._post(receipts.url, receipts.fields, values)
        try:
            answer = msgspec.json.decode(response.body)
        except msgspec.DecodeError:
            return None
        if receipts.parts is None:
            return state_of(answer, receipts)
        members = value_at(answer, receipts.parts)
        return (
            whole_state([state_of(member, receipts) for member in members], parts)
            if isinstance(members, list)
            else None
        )

    async def _post(self, url: str, fields: Mapping[str, Any], values: Mapping[str, str]) -> Response:
        content = filled(fields, values)
        is_json = self._profile.body is BodyFormat.JSON
        body = msgspec.json.encode(content) if is_json else urlencode(content).encode()
        headers = {"Content-Type": CONTENT_TYPES[self._profile.body], **filled(self._profile.headers, values)}
        return await self._outbound.call(url, body, headers)

    def _values(self, message: ShortMessage) -> Mapping[str, str]:
        return {
            "number": message.number,
            "digits": message.number.removeprefix("+"),
            "text": message.segments.text,
            "sender": self._profile.sender,
            "id": str(message.id),
            "encoding": self._profile.encodings.get(message.segments.encoding, ""),
            "secret": self._secret(),
        }

    def _secret(self) -> str:
        if not self._profile.needs_secret:
            return ""
        try:
            known = secret(self._secret_file)
        except (OSError, UnicodeDecodeError) as error:
            raise NoSecret from error
        if not known or not known.isprintable():
            raise NoSecret
        return known


def gateway_of(settings: AlertsSettings, outbound: Outbound) -> SmsGateway | None:
    """Raises BadProfile."""
    profile = profiles.of_installation(settings)
    return None if profile is None else SmsGateway(profile, settings.alerts_sms_secret_file, outbound)


def accepted(response: Response, expected: AcceptedAnswer) -> str | None:
    """Raises Undelivered if the gateway did not accept the message."""
    if response.status not in expected.statuses:
        raise Undelivered(f"sms_{response.status}", retry_after=pause(response, datetime.now(UTC)))
    if expected.pattern is not None:
        matched = re.fullmatch(expected.pattern, response.body.decode(errors="replace").strip())
        if matched is None:
            raise Undelivered("sms_refused")
        return bounded_id(matched.groupdict().get("id"))
    if expected.field is None and expected.id is None:
        return None
    try:
        answer = msgspec.json.decode(response.body)
    except msgspec.DecodeError as error:  # For example, a proxy answered with an HTML page in place of JSON.
        raise Undelivered("sms_unreadable") from error
    if expected.field is not None:
        check(value_at(answer, expected.field), expected)
    return bounded_id(value_at(answer, expected.id)) if expected.id is not None else None


def check(value: Any, expected: AcceptedAnswer) -> None:
    code = written(value)
    if code in map(written, expected.values):
        return
    shown = (code or "").replace("_", "-")
    reason = f"sms_refused_{shown}" if SHORT_CODE.fullmatch(shown) else "sms_refused"
    raise Undelivered(reason, is_final=code in map(written, expected.final))


def state_of(fields: Any, receipts: GatewayReceipts) -> SmsReceiptState | None:
    """Returns None for a state that is not final."""
    code = written(value_at(fields, receipts.field))
    states = {
        SmsReceiptState.READ: receipts.read,
        SmsReceiptState.DELIVERED: receipts.delivered,
        SmsReceiptState.FAILED: receipts.failed,
    }
    return next((state for state, codes in states.items() if code in map(written, codes)), None)


def whole_state(states: Sequence[SmsReceiptState | None], parts: int) -> SmsReceiptState | None:
    """Returns None if a part may still arrive.

    If one part has failed, the whole message has failed, because nobody can read it without that part. The message is
    delivered only if every part is delivered.
    """
    if SmsReceiptState.FAILED in states:
        return SmsReceiptState.FAILED
    known = [state for state in states if state is not None]
    if len(known) < max(parts, len(states)):
        return None
    return min(known, key=list(SmsReceiptState).index)


def value_at(answer: Any, pointer: str) -> Any:
    """Returns the value at the JSON pointer (RFC 6901), or None if there is no value."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(answer, list):
            at = int(name) if re.fullmatch(r"\d{1,4}", name, re.ASCII) else len(answer)
            answer = answer[at] if at < len(answer) else None
        else:
            answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def written(value: Value | Any) -> str | None:
    """Returns the value as text, because a profile may have 0 or "0", true or "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None


def bounded_id(value: Any) -> str | None:
    id = written(value)
    return id if id and id.isprintable() and len(id) <= LONGEST_ID else None
