"""Reads files in TOML or JSON with definitions, for example of rosters or escalation policies."""

import json
import tomllib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.errors import DocumentedError

MOST_BYTES = 256 * 1024
Model = TypeVar("Model", bound=BaseModel)


def read(content: bytes, model: type[Model], invalid: type[DocumentedError]) -> Model:
    """Raises `invalid`, whose argument names each wrong field and the expected value."""
    if len(content) > MOST_BYTES:
        raise invalid(f"the file has more than {MOST_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
        stated = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return model.model_validate(stated)
    except ValidationError as error:
        raise invalid("; ".join(map(_fault, error.errors(include_url=False)))) from None
    except (UnicodeDecodeError, RecursionError):
        raise invalid("the file is not text in UTF-8") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise invalid(str(error)) from None


def _fault(error: Any) -> str:
    """The first item of a list has the number 1."""
    path = ".".join(str(part + 1 if isinstance(part, int) else part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}" if path else message
