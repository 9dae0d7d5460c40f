"""Reads the definition of a roster from TOML or JSON."""

import json
import tomllib
from typing import Any

from pydantic import ValidationError

from services.alerts.rosters.rosters import Roster
from shared.errors import DocumentedError

MOST_BYTES = 256 * 1024


class InvalidRoster(DocumentedError):
    """A roster in TOML or JSON is expected: a name, and layers with name, people, start, shift_hours or shift_days."""


def read(content: bytes) -> Roster:
    """Raises InvalidRoster, whose argument names the fields that are wrong and what was expected."""
    if len(content) > MOST_BYTES:
        raise InvalidRoster(f"the file has more than {MOST_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
        stated = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return Roster.model_validate(stated)
    except ValidationError as error:
        raise InvalidRoster("; ".join(map(_fault, error.errors(include_url=False)))) from None
    except (UnicodeDecodeError, RecursionError):
        raise InvalidRoster("the file is not text in UTF-8") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidRoster(str(error)) from None


def _fault(error: Any) -> str:
    """The path of the field, with layers counted from 1, and what was expected."""
    path = ".".join(str(part + 1 if isinstance(part, int) else part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}" if path else message
