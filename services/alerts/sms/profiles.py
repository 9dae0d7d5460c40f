"""A gateway's profile is a TOML file that says how to call the SMS gateway, and how to read its answers."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from services.alerts.config import AlertsSettings
from services.alerts.sms.alphabets import Alphabet
from services.alerts.sms.segments import Encoding
from shared.errors import DocumentedError

PLACEHOLDER = re.compile(r"\{(\w+)\}")
IN_FIELDS = frozenset({"number", "digits", "text", "sender", "id", "encoding", "secret"})
IN_HEADERS = frozenset({"id", "secret"})
IN_RECEIPTS = frozenset({"message_id", "id", "secret"})
POINTER = r"^(/([^/~]|~[01])*)*$"  # a JSON pointer (RFC 6901)
Pointer = Annotated[str, Field(pattern=POINTER, max_length=200)]
Status = Annotated[int, Field(ge=200, le=299)]
Value = str | int | bool


def checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or PLACEHOLDER.search(url):
        raise ValueError("an https:// address without placeholders is expected")
    return url


Url = Annotated[str, Field(max_length=500), AfterValidator(checked_url)]


class BadProfile(DocumentedError):
    """ALERTS_SMS_PROFILE names no valid profile of an SMS gateway."""


class BodyFormat(StrEnum):
    JSON = "json"
    FORM = "form"


class ProfileModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AcceptedAnswer(ProfileModel):
    """Says which answer means that the gateway accepts a message.

    If several conditions are given, all of them must hold.

    A JSON answer must have one of the `values` in `field`. In any other answer, `pattern` must match the whole text.
    The pattern's group `id` is the id of the message. A `final` value in `field` means that the gateway will never
    accept this message, for example because of a wrong number.
    """

    statuses: Annotated[frozenset[Status], Field(min_length=1)] = frozenset({200, 201, 202})
    field: Pointer | None = None
    values: tuple[Value, ...] = ()
    final: tuple[Value, ...] = ()
    id: Pointer | None = None
    pattern: str | None = None

    @property
    def names_messages(self) -> bool:
        return self.id is not None or "(?P<id>" in (self.pattern or "")

    @field_validator("pattern")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error:
            raise ValueError("a regular expression is expected") from None
        return pattern

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.field is None) != (not self.values):
            raise ValueError("`field` and `values` are expected together")
        if self.pattern is not None and (self.field is not None or self.id is not None):
            raise ValueError("either `pattern` is expected, or `field` and `id`")
        if self.final and self.field is None:
            raise ValueError("`final` is expected only with `field`")
        return self


class GatewayRequest(ProfileModel):
    """Describes a POST from the gateway to Dayar. `id` points to the id of the message.

    All fields are JSON pointers. A form is read like JSON, so `/from` is the form's field `from`. The secret comes in
    the header `secret_header` after `secret_prefix`, or in the field `secret_field`.
    """

    body: BodyFormat
    id: Pointer
    secret_header: Annotated[str | None, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = None
    secret_prefix: str = ""
    secret_field: Pointer | None = None

    @model_validator(mode="after")
    def _has_secret(self) -> Self:
        if (self.secret_header is None) == (self.secret_field is None):
            raise ValueError("either `secret_header` or `secret_field` is expected")
        return self


class GatewayInbound(GatewayRequest):
    number: Pointer
    text: Pointer


class PushedReceipts(GatewayRequest):
    """Describes the receipts that the gateway pushes. `is_own_id` means that `id` points to Dayar's id of the message.

    If a request has several receipts, `each` points to their list, and `id` and the profile's `field` point into a
    receipt. `part` points to the number of a part, if each part of a long SMS has its own receipt.
    """

    is_own_id: bool = False
    each: Pointer | None = None
    part: Pointer | None = None

    @model_validator(mode="after")
    def _is_json(self) -> Self:
        if self.each is not None and self.body is BodyFormat.FORM:
            raise ValueError("`each` is expected only in a JSON body")
        return self


class GatewayReceipts(ProfileModel):
    """Says how Dayar learns whether an SMS reached the telephone.

    Either the gateway pushes receipts, or Dayar asks for them.

    `fields` is the body of Dayar's request, with the placeholders of IN_RECEIPTS. `field` points to the state in the
    pushed body or in the JSON answer. A value in `delivered`, `read` or `failed` is final, and any other value means
    "not yet". Without a final value after `deadline_minutes`, the delivery fails. `parts` points to a list of the
    states of an SMS's parts, if the answer has such a list. If `parts` is given, `field` points into a member of the
    list.
    """

    pushed: PushedReceipts | None = None
    url: Url | None = None
    fields: dict[str, str] = {}
    field: Pointer
    delivered: Annotated[tuple[Value, ...], Field(min_length=1)]
    read: tuple[Value, ...] = ()
    failed: tuple[Value, ...] = ()
    parts: Pointer | None = None
    deadline_minutes: Annotated[float, Field(gt=0, le=60)] = 3

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        is_asked = self.url is not None and bool(self.fields)
        if self.pushed is None and not is_asked:
            raise ValueError("either `pushed`, or `url` and `fields`, are expected")
        if self.pushed is not None and (self.url is not None or self.fields):
            raise ValueError("`url` and `fields` are expected only without `pushed`")
        if self.pushed is not None and self.parts is not None:
            raise ValueError("`parts` is expected only without `pushed`, which may have `part`")
        return self

    @property
    def are_of_parts(self) -> bool:
        return self.parts is not None or (self.pushed is not None and self.pushed.part is not None)

    @property
    def has_own_id(self) -> bool:
        return self.pushed is not None and self.pushed.is_own_id


class GatewayProfile(ProfileModel):
    """`fields` is the body of the request, with the placeholders of IN_FIELDS.

    Headers may have the placeholders of IN_HEADERS. `{number}` is the number with "+", and `{digits}` the number
    without "+". `{id}` is the id of the delivery, which is the same in all attempts. `{encoding}` is the text in
    `encodings` for the encoding of the SMS.
    """

    url: Url
    body: BodyFormat
    fields: Annotated[dict[str, Any], Field(min_length=1)]
    headers: dict[str, str] = {}
    sender: str = ""
    alphabet: Alphabet = Alphabet.KEPT
    encodings: dict[Encoding, str] = {}
    accepted: AcceptedAnswer = AcceptedAnswer()
    receipts: GatewayReceipts | None = None
    inbound: GatewayInbound | None = None

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        known: dict[str, tuple[Any, frozenset[str]]] = {
            "fields": (self.fields, IN_FIELDS),
            "headers": (self.headers, IN_HEADERS),
            "receipts.fields": (self.receipts.fields if self.receipts else {}, IN_RECEIPTS),
        }
        for name, (value, expected) in known.items():
            if unknown := sorted(placeholders(value) - expected):
                names = ", ".join(sorted(expected))
                raise ValueError(f"the placeholders {names} are expected in `{name}`, not {', '.join(unknown)}")
        used = placeholders(self.fields)
        if "text" not in used or used.isdisjoint({"number", "digits"}):
            raise ValueError("{text}, and {number} or {digits}, are expected in `fields`")
        if self.receipts and self.receipts.has_own_id and "id" not in used:
            raise ValueError("{id} is expected in `fields`, because `receipts.pushed` has `is_own_id`")
        if "encoding" in used and set(self.encodings) != set(Encoding):
            raise ValueError("`encodings` with gsm7 and ucs2 is expected, because `fields` has {encoding}")
        if self.receipts and not self.receipts.has_own_id and not self.accepted.names_messages:
            raise ValueError("`id`, or `pattern` with a group `id`, is expected in `accepted`, because of `receipts`")
        if self.body is BodyFormat.FORM and not all(isinstance(value, str) for value in self.fields.values()):
            raise ValueError("only texts are expected in the `fields` of a form")
        return self

    @property
    def needs_secret(self) -> bool:
        receipt_fields = self.receipts.fields if self.receipts else {}
        return "secret" in placeholders(self.fields) | placeholders(self.headers) | placeholders(receipt_fields)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises BadProfile, with each wrong field and the expected value. BadProfile repeats no value of the file."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadProfile(str(error)) from None
        except ValidationError as error:
            raise BadProfile("; ".join(expectations(error))) from None


def of_installation(settings: AlertsSettings) -> GatewayProfile | None:
    """Returns the profile from the file ALERTS_SMS_PROFILE. Raises BadProfile."""
    return None if settings.alerts_sms_profile is None else GatewayProfile.load(settings.alerts_sms_profile)


def expectations(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(map(str, detail["loc"]))
        yield f"{place}: {detail['msg']}" if place else detail["msg"]


def placeholders(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {name for member in members for name in placeholders(member)}


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """If a replaced text contains a placeholder, the placeholder stays."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: values[match[1]], value)
    if isinstance(value, Mapping):
        return {name: filled(member, values) for name, member in value.items()}
    return [filled(member, values) for member in value] if isinstance(value, list) else value
