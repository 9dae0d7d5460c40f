"""The profile of an SMS gateway: a TOML file that says how the gateway is called and how its answer is read."""

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
    """Describes the answer by which a gateway accepts a message. All given conditions must hold.

    A JSON answer is accepted if `field` has one of the `values`. Any other answer is accepted if `pattern` matches
    the whole answer. The group `id` of the pattern is the message id. If `field` has one of the `final` values, the
    gateway refuses this message for good, for example because of a wrong number.
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
    """A POST that the gateway sends us. `id` is the field with the message's id.

    All fields are JSON pointers, even if the body is a form, where `/from` is the field `from`. The secret is in
    the header `secret_header`, after `secret_prefix`, or in the field `secret_field`.
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
    """How the gateway pushes receipts. If `is_own_id` is true, the field `id` contains the id that we gave the message.

    If a request has several receipts, `each` points to their list, and `id` and the profile's `field` point into
    each receipt. If each part of a long message has a separate receipt, `part` points to the number of the part.
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
    """How we learn whether a message reached the telephone. The gateway pushes receipts, or we ask for receipts.

    `fields` are the fields of our request's body, with the placeholders of IN_RECEIPTS. `field` points to a value in
    the pushed body or in the JSON answer. A value in `delivered`, `read` or `failed` is final; any other value means
    "not yet". After `deadline_minutes` without a final value, the delivery has failed. If the answer lists the
    states of a message's parts, `parts` points to the list, and `field` points into each member of the list.
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
    """`fields` are the fields of the request's body, with the placeholders of IN_FIELDS.

    Headers have the placeholders of IN_HEADERS. `{digits}` is the number without "+", for example 996700123456, and
    `{number}` is the number with "+". `{id}` is the delivery's id, which is the same in every attempt. `{encoding}` is
    the text that `encodings` gives for the message's encoding.
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
        """Raises BadProfile, which names the fields and what was expected, and repeats no value."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadProfile(str(error)) from None
        except ValidationError as error:
            raise BadProfile("; ".join(expectations(error))) from None


def of_installation(settings: AlertsSettings) -> GatewayProfile | None:
    """The profile that ALERTS_SMS_PROFILE names. Raises BadProfile."""
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
    """A placeholder inside a replaced text stays as it is."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: values[match[1]], value)
    if isinstance(value, Mapping):
        return {name: filled(member, values) for name, member in value.items()}
    return [filled(member, values) for member in value] if isinstance(value, list) else value
