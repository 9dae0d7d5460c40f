"""Logs are events: constant text and variable fields.

An error is logged with its class and location, but without its text.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog


class LossyStream:
    """Ignores errors of writing.

    On a full disk, the program must continue, because it may have to report the full disk.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure(service: str, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Configure the log of the process. Libraries log from level WARNING."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, LossyStream(stream or sys.stdout))),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, without_error_text],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def described(error: BaseException) -> dict[str, Any]:
    """Return fields about the error that are safe to log.

    For a database error, sqlstate and constraint are included.
    """
    cause = getattr(error, "orig", None) or error
    driver = getattr(cause, "__cause__", None) or cause
    fields = {
        "error": type(error).__name__,
        "sqlstate": getattr(driver, "sqlstate", None),
        "constraint": getattr(driver, "constraint_name", None),
        "at": [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)[-6:]
        ],
    }
    return {name: value for name, value in fields.items() if value}


def without_error_text(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an error in a library's message by its class and its location in the code.

    The error's text may quote personal data.
    """
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[1] is not None:
        event.update(described(info[1]))
    record = event.get("_record")
    if record is not None and record.exc_info and record.exc_info[1] is not None:
        event.update(described(record.exc_info[1]))
        record.exc_info = record.exc_text = None
    return event


def get() -> Any:
    return structlog.get_logger()
