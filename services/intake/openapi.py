"""Describe bodies and answers of the raw routes in the app's OpenAPI document."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, RootModel
from pydantic.json_schema import models_json_schema

from services.intake.channels.json_reports import ITEMS, Displacement, HazardItem, Item
from shared.events import HazardReport

REFERENCES = "#/components/schemas/{model}"


class DisplacementBody(RootModel[Displacement]):
    """A household or a group, distinguished by `kind`."""


class BatchItem(RootModel[Item]):
    """A household, a group or a hazard, distinguished by `kind`."""


class Taken(BaseModel):
    report_id: str
    event_id: str
    hazard_id: str | None = None
    status: str


class ProblemBody(BaseModel):
    """RFC 9457; `errors` has one entry per wrong field."""

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


MODELS: tuple[type[BaseModel], ...] = (
    DisplacementBody,
    HazardReport,
    HazardItem,
    BatchItem,
    Taken,
    ProblemBody,
    Results,
)
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


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = extended(get_openapi(title=app.title, version="1", routes=app.routes))
        return app.openapi_schema

    return document


def extended(document: dict[str, Any]) -> dict[str, Any]:
    _, definitions = models_json_schema([(model, "validation") for model in MODELS], ref_template=REFERENCES)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions["$defs"])
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document["paths"].update(
        {
            "/v1/displacements": {"post": single("Report a displaced household or group.", "DisplacementBody")},
            "/v1/hazards": {"post": single("Report, update or cancel a hazard.", "HazardReport")},
            "/v1/reports:batch": {"post": batch()},
        }
    )
    return document


def single(summary: str, model: str) -> dict[str, Any]:
    answers = {
        "200": answer("The same report came before.", "Taken"),
        "202": answer("The broker or the spool has it.", "Taken"),
        "409": answer("The same report number and version were already used for different content.", "ProblemBody"),
        "503": answer("The broker is away and the spool is full.", "ProblemBody"),
    }
    return operation(summary, {"application/json": {"schema": reference(model)}}, answers)


def batch() -> dict[str, Any]:
    items = {"type": "array", "items": reference("BatchItem"), "maxItems": ITEMS}
    content = {"application/json": {"schema": items}, "application/x-ndjson": {"schema": {"type": "string"}}}
    return operation("Up to 1,000 reports of any kind.", content, {"200": answer("One result per report.", "Results")})


def operation(summary: str, content: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    refusals = {status: answer(meaning, "ProblemBody") for status, meaning in REFUSALS.items()}
    return {
        "summary": summary,
        "security": [{"bearer": []}],
        "requestBody": {"required": True, "content": content},
        "responses": {**answers, **refusals},
    }


def answer(meaning: str, model: str) -> dict[str, Any]:
    media = "application/problem+json" if model == "ProblemBody" else "application/json"
    return {"description": meaning, "content": {media: {"schema": reference(model)}}}


def reference(model: str) -> dict[str, str]:
    return {"$ref": REFERENCES.format(model=model)}
