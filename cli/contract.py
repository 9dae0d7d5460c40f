"""`dayar contract` writes the published form of the contract: an AsyncAPI 3 document made from `shared/events`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.json_schema import models_json_schema

from services.alerts import handlers as alerts
from services.console import handlers as console
from services.intake import handlers as intake
from services.registry import handlers as registry
from shared.events import EVENT_TYPES, TOPICS, Topic
from shared.events.envelope import SCHEMA_ROOT, SIGNATURE

FILE = Path(__file__).resolve().parent.parent / "docs" / "asyncapi.json"
PREFIX = "dayar."
HANDLED = {
    "alerts": alerts.HAZARDS.handled_types | alerts.HOUSEHOLDS.handled_types,
    "console": console.BOARD.handled_types,
    "intake": intake.OUTCOMES.handled_types,
    "registry": registry.REPORTS.handled_types,
}

app = typer.Typer(help="The contract's document for integrators.", add_completion=False)


@app.callback(invoke_without_command=True)
def contract(
    check: Annotated[bool, typer.Option(help="Write nothing; fail when the document is not current.")] = False,
) -> None:
    text = json.dumps(document(), ensure_ascii=False, indent=2) + "\n"
    if not check:
        FILE.write_text(text, encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
        raise typer.BadParameter(f"{FILE.name} is not current: run `make docs`")


def document() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dayar",
            "version": "1",
            "description": "Events of the disaster alerting and displacement tracking of a crisis management centre. "
            "CloudEvents 1.0 in Kafka's binary mode. Delivery is at least once: drop a repeated `ce_id`. "
            "An event never changes meaning; a field you do not know was added later.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: channel(topic) for topic in TOPICS.values()},
        "operations": dict(pair for topic in TOPICS.values() for pair in operations(topic)),
        "components": {"messages": {name: message(name) for name in EVENT_TYPES}, "schemas": schemas()},
    }


def channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": PREFIX + topic.name,
        "description": f"Key: {topic.key}. Kept: {kept(topic)}. Class: {topic.sensitivity}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types(topic)},
        "x-class": topic.sensitivity,
        "x-written-by": list(topic.writers),
        "x-read-by": list(dict.fromkeys((*topic.consumers, *topic.web_readers))),
        "x-owes-outcome": list(topic.owes_outcome),
        "x-dead-letters": [PREFIX + topic.dead(service) for service in topic.consumers],
    }


def operations(topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    at = {"channel": {"$ref": f"#/channels/{topic.name}"}}
    return [
        *((f"{service}.writes.{topic.name}", {"action": "send", **at}) for service in topic.writers),
        *(
            (
                f"{service}.reads.{topic.name}",
                {"action": "receive", **at, "x-owes-outcome": service in topic.owes_outcome},
            )
            for service in dict.fromkeys((*topic.consumers, *topic.web_readers))
        ),
    ]


def message(name: str) -> dict[str, Any]:
    models = EVENT_TYPES[name]
    refs = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    topic = TOPICS[models[0].topic]
    return {
        "name": name,
        "summary": " ".join((models[0].__doc__ or models[0].__name__).split()),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEvent"},
        "payload": refs[0] if len(refs) == 1 else {"oneOf": refs},
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, "bindingVersion": "0.5.0"}},
        "x-dataschema": SCHEMA_ROOT + name,
        "x-read-by": readers(name, topic),
        "x-owes-outcome": list(topic.owes_outcome),
    }


def readers(event_type: str, topic: Topic) -> list[str]:
    consumers = [service for service in topic.consumers if event_type in HANDLED[service]]
    return list(dict.fromkeys((*consumers, *topic.web_readers)))


def schemas() -> dict[str, Any]:
    models = [model for several in EVENT_TYPES.values() for model in several]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    return {**schemas["$defs"], "CloudEvent": cloud_event()}


def cloud_event() -> dict[str, Any]:
    text = {"type": "string"}
    properties = {
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "Equal for the same event however often published.",
        },
        "ce_source": {"type": "string", "enum": ["/intake", "/registry", "/alerts", "/console"]},
        "ce_type": {"type": "string", "enum": list(EVENT_TYPES)},
        "ce_specversion": {"const": "1.0"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {**text, "description": "The record's key."},
        "ce_dataschema": text,
        "content-type": {"const": "application/json"},
        "traceparent": {**text, "description": "W3C trace context of the request that reported it, where it had one."},
    }
    properties[SIGNATURE] = {
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{8}:[A-Za-z0-9_-]{43}$",
        "description": "The last header: key id and HMAC-SHA256 over topic, key, value and the other headers. For the "
        "centre's own services, which alone hold the key; others pass it over.",
    }
    required = [name for name in properties if name not in ("ce_subject", "traceparent", SIGNATURE)]
    return {"type": "object", "properties": properties, "required": required}


def types(topic: Topic) -> list[str]:
    return [name for name, models in EVENT_TYPES.items() if topic.name in models[0].topics()]


def kept(topic: Topic) -> str:
    if topic.is_compacted:
        return "the last of each key"
    return "for ever" if topic.kept_days is None else f"{topic.kept_days} days, a setting"
