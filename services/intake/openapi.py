"""Describes the bodies and answers of the raw ASGI routes in the app's OpenAPI document."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.intake.channels.formats import BatchFormat, Content, SealedFormat, SingleFormat
from services.intake.channels.paths import FORMATS
from services.intake.sheet_routes import HouseholdSheetView
from services.intake.sheets.choices import SheetChoices
from shared.pages.languages import LANGUAGES
from shared.sheets.refused import XLSX

REFERENCES = "#/components/schemas/{model}"


class Taken(BaseModel):
    report_id: str
    event_id: str
    hazard_id: str | None = None
    status: str


class ProblemBody(BaseModel):
    """A problem by RFC 9457; `errors` has one entry per wrong field."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


class BatchResult(BaseModel):
    report_id: str | None = None
    event_id: str | None = None
    status: str | int
    problem: ProblemBody | None = None


class Results(BaseModel):
    """One result or problem per report, in order."""

    results: list[BatchResult | ProblemBody]


REFUSALS = {
    "400": "The body was cut off.",
    "401": "No valid token.",
    "403": "The account's roles or sources do not allow it.",
    "408": "Too slow.",
    "413": "Too big.",
    "422": "Not as expected: one entry per wrong field.",
    "429": "Too many requests under way.",
    "431": "Too many headers.",
}

SHEET_PATHS = {
    "check": "Check a list of households in XLSX or CSV. Nothing is sent.",
    "send": "Send the new rows of a list of households as reports, and the confirmed changed rows.",
    "refused": "Get the refused rows of a list of households as a workbook, with reasons.",
}


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = extended(get_openapi(title=app.title, version="1", routes=app.routes))
        return app.openapi_schema

    return document


def extended(document: dict[str, Any]) -> dict[str, Any]:
    _, definitions = models_json_schema([(model, "validation") for model in models()], ref_template=REFERENCES)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions["$defs"])
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document["paths"].update({path: {"post": operation(format)} for path, format in FORMATS.items()})
    parameters = query_parameters(components["schemas"]["SheetChoices"]["properties"])
    for act, summary in SHEET_PATHS.items():
        document["paths"][f"/v1/household-sheets:{act}"] = {"post": sheet_operation(act, summary, parameters)}
    return document


def models() -> list[type[BaseModel]]:
    bodies = [body for format in FORMATS.values() for body in format.content.values() if issubclass(body, BaseModel)]
    return [*bodies, Taken, ProblemBody, Results, SheetChoices, HouseholdSheetView]


def operation(format: SingleFormat | SealedFormat | BatchFormat) -> dict[str, Any]:
    answers = batch_answers() if isinstance(format, BatchFormat) else single_answers()
    return {
        "summary": format.summary,
        "security": [{"bearer": []}],
        "requestBody": {"required": True, "content": schemas(format.content)},
        "responses": {**answers, **refusals()},
    }


def sheet_operation(act: str, summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    workbook = {"description": "The refused rows.", "content": {XLSX: binary}}
    verdicts = answer("The columns of the sheet, and a verdict for each row.", "HouseholdSheetView")
    return {
        "summary": summary,
        "security": [{"bearer": []}],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/octet-stream": binary}},
        "responses": {"200": workbook if act == "refused" else verdicts, **refusals()},
    }


def query_parameters(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Commas separate the items of a list."""
    language = {"type": "string", "enum": list(LANGUAGES)}
    return [
        {"name": name, "in": "query", "schema": schema, "style": "form", "explode": False}
        for name, schema in {**fields, "lang": language}.items()
    ]


def refusals() -> dict[str, Any]:
    return {status: answer(meaning, "ProblemBody") for status, meaning in REFUSALS.items()}


def schemas(content: Content) -> dict[str, Any]:
    return {
        media: {"schema": {"type": "string"} if body is str else reference(body.__name__)}
        for media, body in content.items()
    }


def single_answers() -> dict[str, Any]:
    return {
        "200": answer("The same report came before.", "Taken"),
        "202": answer("The broker or the spool has it.", "Taken"),
        "409": answer("The same report number and version were already used for different content.", "ProblemBody"),
        "503": answer("The broker is away and the spool is full.", "ProblemBody"),
    }


def batch_answers() -> dict[str, Any]:
    return {"200": answer("One result per report.", "Results")}


def answer(meaning: str, model: str) -> dict[str, Any]:
    media = "application/problem+json" if model == "ProblemBody" else "application/json"
    return {"description": meaning, "content": {media: {"schema": reference(model)}}}


def reference(model: str) -> dict[str, str]:
    return {"$ref": REFERENCES.format(model=model)}
