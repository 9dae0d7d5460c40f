"""Reads a request from the gateway, and checks the gateway's secret."""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from services.alerts.sms.gateway import value_at, written
from services.alerts.sms.profiles import BodyFormat, GatewayRequest

MOST_FIELDS = 50


class NotReadable(Exception):
    """The body does not have the fields that the profile names."""


def fields_of(body: bytes, profile: GatewayRequest) -> Any:
    """Raises NotReadable."""
    try:
        if profile.body is BodyFormat.JSON:
            return msgspec.json.decode(body)
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS, keep_blank_values=True))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotReadable from error


def has_secret(profile: GatewayRequest, headers: Mapping[str, str], fields: Any, secret: str) -> bool:
    """The comparison takes the same time for every wrong secret, so that the time reveals nothing."""
    if profile.secret_header is not None:
        sent = headers.get(profile.secret_header.lower(), "")
        expected = f"{profile.secret_prefix}{secret}"
    else:
        sent, expected = written(value_at(fields, profile.secret_field or "")) or "", secret
    return hmac.compare_digest(sent.encode(), expected.encode())
