"""Problem answers (RFC 9457), with errors per field. Handlers turn exceptions into problems."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from shared import log
from shared.failures import DependencyUnavailable

logger = log.get()

ERRORS = 50


class Problem(Exception):
    """An `application/problem+json` answer (RFC 9457). `kind` is the stable last part of `type`."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str | None = None,
        errors: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(kind)
        self.status, self.kind, self.headers = status, kind, headers
        content = {"type": f"urn:dayar:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
        self.content = {name: value for name, value in content.items() if value is not None}
        if errors:
            self.content["errors"] = list(errors)

    def response(self) -> Response:
        return JSONResponse(self.content, self.status, headers=self.headers, media_type="application/problem+json")


def answered(request: HTTPConnection, problem: Problem) -> Response:
    """Answers with the problem: as a page for a browser, and as JSON for any other client."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem.response()
    page: Response = request.app.state.refusals.page(request, problem)
    return page


def unauthenticated() -> Problem:
    return Problem(
        401, "unauthenticated", "A valid token is expected: sign in again.", headers={"www-authenticate": "Bearer"}
    )


def dependency_unavailable() -> Problem:
    title = "A dependency or a key is unavailable. Nothing is lost; try again later."
    return Problem(503, "dependency-unavailable", title, headers={"retry-after": "5"})


# These texts replace pydantic's texts, which can contain a value, an unknown field or the name of a Python class.
EXPECTED = {
    "extra_forbidden": "no such field",
    "uuid_parsing": "a UUID",
    "model_type": "Input should be an object",
    "dict_type": "Input should be an object",
    "tuple_type": "Input should be a valid array",
}


def field_errors(errors: Iterable[ErrorDetails], known: Iterable[str]) -> list[dict[str, str]]:
    """Returns the expectation of each wrong field, for at most fifty fields. A JSON pointer names the field.

    Values are never shown. Unknown names are shown as `?`.
    """
    names = frozenset(known)
    return [
        {
            "pointer": "".join(f"/{part if isinstance(part, int) or part in names else '?'}" for part in error["loc"]),
            "expected": expected(error),
        }
        for error in islice(errors, ERRORS)
    ]


def expected(error: Any) -> str:
    message: str = EXPECTED.get(error["type"]) or error["msg"]
    return message.removeprefix("Value error, ")


def names_of(model: type[BaseModel]) -> frozenset[str]:
    """Returns the names of the model's fields, the only names that an answer may contain."""
    schema = model.model_json_schema()
    definitions = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for definition in definitions for name in definition.get("properties", {}))


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answered(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | ValidationError)
    errors = [_entry(detail) for detail in error.errors()[:ERRORS]]
    return answered(request, Problem(422, "invalid", "Check the listed fields.", errors=errors))


def _entry(error: Any) -> dict[str, str]:
    """Returns the error of a field. `pointer` is a JSON pointer into the body."""
    path = list(error["loc"][1:] if error["loc"][:1] == ("body",) else error["loc"])
    if error["type"] == "extra_forbidden":
        path[-1] = "?"
    return {
        "pointer": "".join(f"/{part}" for part in path),
        "expected": expected(error),
    }


async def _dependency_unavailable(request: Request, error: Exception) -> Response:
    logger.error("request needs an unavailable dependency", **log.described(error))
    return answered(request, dependency_unavailable())


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    kind = title.lower().replace(" ", "-")
    return answered(request, Problem(error.status_code, kind, title, headers=dict(error.headers or {})))


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    Problem: _problem,
    DependencyUnavailable: _dependency_unavailable,
    RequestValidationError: _invalid,
    HTTPException: _http,
}
