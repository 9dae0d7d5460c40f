"""Golden files fit the contract. Each field is marked as readable or sealed. docs/asyncapi.json is current."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import jsonschema_rs
import pytest
from pydantic import BaseModel

from cli import contract
from cli.contract import FILE
from shared import events
from shared.events import EVENT_TYPES, TOPICS
from shared.events.displacements import GroupReport, HouseholdReport
from shared.events.fields import CLEAR, SEALED
from shared.events.hazards import HazardReport
from shared.events.topics import Sensitivity

GOLDEN = sorted((Path(__file__).parent.parent / "events").glob("*.json"))
document = cache(contract.document)  # no test changes the document, so it can be cached

# The readable fields, as section 2 of PROTECTION.md lists them. Every field that is missing here is sealed.
MAY_BE_CLEAR = {
    "report_id",
    "household_id",
    "group_id",
    "hazard_id",
    "covers_site",
    "movement_id",
    "site_id",  # ids of records, and of linked hazards and sites
    "origin",
    "destination",
    "pcode",
    "registrar_areas",
    "country",  # P-codes and ISO country codes
    "persons",
    "mobility",
    "evacuation",
    "latest_mobility",
    "reasons",
    "hazard_type",
    "occurred_at",
    "reported_at",
    "received_at",
    "occurred_on",
    "recorded_on",
    "reported_on",
    "uncorrected",  # times and days
    "author",
    "team",
    "status",
    "version",
    "sequence",
    "kind",
    "measure",
    "quantifier",
    "occurred_at_precision",
    "occurred_on_precision",
    "channel",
    "places_version",
    "flags",
    "is_urgent",
    "consumer",
    "outcome",
    "reason",
    "is_held",
    "replaces",  # report ids and reason codes in outcomes and in events about held people
    "displacement",  # another displacement of the household
    "counted_at",
    "counted_at_precision",
    "is_full_recount",
    "stock_id",
    "superseded_by",  # times of a group's counts, and references to other counts of the same people
    "origin_locality",
    "destination_locality",
    "origin_locality_pcode",
    "destination_locality_pcode",
    "shelter",
    "households",
    "households_quantifier",
    "household_unit",
    "persons_estimated",  # a group's localities, kind of shelter and number of households
    "movement",
    "is_reversed",
    "whereabouts",
    "displaced",
    "returned",
    "settled",
    "confirmed_on",
    "is_return_presumed",  # fields of movements, and numbers of people by whereabouts
    "comparison",
    "place_id",
    "registered",
    "stated_persons",
    "included_households",
    "included_persons",
    "stated_households",  # a count's place, and sums over registered households (docs/decisions/0068)
}
BOX = "sealed"

# Fields that AsyncAPI 3.0 and its Kafka bindings 0.5.0 define.
# If a document has any other field, tools refuse the document, unless the field's name begins with `x-`.
ASYNCAPI = {
    "channels": {
        "address",
        "title",
        "summary",
        "description",
        "servers",
        "parameters",
        "messages",
        "tags",
        "externalDocs",
        "bindings",
    },
    "operations": {
        "action",
        "channel",
        "messages",
        "reply",
        "traits",
        "title",
        "summary",
        "description",
        "security",
        "tags",
        "externalDocs",
        "bindings",
    },
    "messages": {
        "headers",
        "payload",
        "correlationId",
        "contentType",
        "name",
        "title",
        "summary",
        "description",
        "tags",
        "externalDocs",
        "bindings",
        "examples",
        "traits",
    },
}
KAFKA = {
    "channels": {"topic", "partitions", "replicas", "topicConfiguration", "bindingVersion"},
    "operations": {"groupId", "clientId", "bindingVersion"},
    "messages": {"key", "schemaIdLocation", "schemaIdPayloadEncoding", "schemaLookupStrategy", "bindingVersion"},
}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_each_type_reads_its_golden_file_and_writes_the_same(file: Path) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in golden["headers"].items()]
    topic = topic_of(golden)
    event = events.decode(topic, json.dumps(golden["data"]).encode(), headers)
    again = events.message(event.data, id=event.id, source=event.source, time=event.time)
    assert json.loads(again.value) == golden["data"]
    assert dict(again.headers) == dict(headers)
    assert again.key.decode() == golden["key"]
    assert again.topic in TOPICS


def topic_of(golden: Any) -> str:
    """Returns the topic of a golden event. A hazard's scope decides which of the two topics of hazards it has."""
    is_restricted = golden["data"].get("scope", "Public") != "Public"
    return "hazards-restricted" if is_restricted else EVENT_TYPES[golden["headers"]["ce_type"]][0].topic


def test_a_hazard_is_on_the_topic_of_its_scope() -> None:
    topics = {}
    for file in (file for file in GOLDEN if file.stem.startswith("dayar.hazard.reported.v1")):
        golden = json.loads(file.read_text(encoding="utf-8"))
        headers = [(name, value.encode()) for name, value in golden["headers"].items()]
        event = events.decode(topic_of(golden), json.dumps(golden["data"]).encode(), headers)
        topics[golden["data"]["scope"]] = events.message(event.data, id=event.id, source="/", time=event.time).topic
    assert topics == {"Public": "hazards", "Restricted": "hazards-restricted"}


@pytest.mark.parametrize(("topic", "scope"), [("hazards", "Private"), ("hazards-restricted", "Public")])
def test_a_hazard_on_the_topic_of_another_scope_is_set_aside(topic: str, scope: str) -> None:
    golden = next(json.loads(file.read_text()) for file in GOLDEN if file.stem == "dayar.hazard.reported.v1")
    headers = [(name, value.encode()) for name, value in golden["headers"].items()]
    with pytest.raises(events.MalformedEvent) as raised:
        events.decode(topic, json.dumps({**golden["data"], "scope": scope}).encode(), headers)
    assert raised.value.pointer == "/scope"


def test_a_hazard_of_an_earlier_release_has_no_scope_and_is_public() -> None:
    golden = next(json.loads(file.read_text()) for file in GOLDEN if file.stem == "dayar.hazard.reported.v1")
    del golden["data"]["scope"]
    headers = [(name, value.encode()) for name, value in golden["headers"].items()]
    assert events.decode("hazards", json.dumps(golden["data"]).encode(), headers).data.scope == "Public"


def test_each_type_has_a_golden_file() -> None:
    assert {json.loads(file.read_text(encoding="utf-8"))["headers"]["ce_type"] for file in GOLDEN} == set(EVENT_TYPES)


@pytest.mark.parametrize("name", ["hazard.reported", "displacement.household_reported", "displacement.group_reported"])
def test_a_reports_event_id_follows_from_type_author_id_and_version(name: str) -> None:
    golden = next(json.loads(file.read_text(encoding="utf-8")) for file in GOLDEN if file.stem == f"dayar.{name}.v1")
    data = golden["data"]
    expected = events.event_id(f"dayar.{name}.v1", UUID(data["author"]), UUID(data["report_id"]), data["version"])
    assert golden["headers"]["ce_id"] == str(expected)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_field_that_a_newer_release_added_is_ignored(file: Path) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in golden["headers"].items()]
    newer = json.dumps({**golden["data"], "added_later": "something"}).encode()
    topic = topic_of(golden)
    assert "added_later" not in events.decode(topic, newer, headers).data.model_dump()


@pytest.mark.parametrize("body", [HazardReport, HouseholdReport, GroupReport])
def test_no_outside_text_contains_characters_that_the_database_refuses(body: type[BaseModel]) -> None:
    """PostgreSQL's text and jsonb refuse NUL. A worker could therefore never store a text with NUL."""
    patterns = list(patterns_of_texts(body.model_json_schema()))
    assert patterns
    for pattern in patterns:
        assert not any(re.search(pattern, f"{begun}\x00") for begun in ("", "a", "https://a")), pattern


def patterns_of_texts(schema: Any) -> Iterator[str]:
    """Yields the pattern of each free-text field. A field without a pattern permits any text."""
    if isinstance(schema, dict) and schema.get("type") == "string" and not schema.keys() & {"enum", "const", "format"}:
        yield schema.get("pattern", "")
    below = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for inner in below:
        yield from patterns_of_texts(inner)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_the_published_schema_accepts_the_golden_file(file: Path) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    published = document()
    components = {"components": published["components"]}
    message = published["components"]["messages"][golden["headers"]["ce_type"]]
    assert jsonschema_rs.is_valid({**message["payload"], **components}, golden["data"])
    assert jsonschema_rs.is_valid({**message["headers"], **components}, golden["headers"])


def test_the_published_document_is_current() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(document())), "run `make docs`"


def test_the_document_names_writers_readers_and_owed_outcomes() -> None:
    displacements = document()["channels"]["displacements"]
    assert displacements["x-written-by"] == ["intake"]
    assert displacements["x-read-by"] == ["registry"]
    assert displacements["x-owes-outcome"] == ["registry"]
    assert displacements["x-dead-letters"] == ["dayar.displacements.registry.dead"]
    assert document()["components"]["messages"]["dayar.hazard.reported.v1"]["x-owes-outcome"] == ["alerts"]


@pytest.mark.parametrize("kind", ASYNCAPI)
def test_the_document_has_only_fields_of_asyncapi(kind: str) -> None:
    published = document()
    for name, definition in (published if kind in published else published["components"])[kind].items():
        assert {field for field in definition if not field.startswith("x-")} <= ASYNCAPI[kind], name
        assert definition.get("bindings", {}).get("kafka", {}).keys() <= KAFKA[kind], name


def test_each_message_documents_its_key() -> None:
    for name, message in document()["components"]["messages"].items():
        assert message["bindings"]["kafka"]["key"] == {"type": "string", "format": "uuid"}, name


def test_every_reference_in_the_document_resolves() -> None:
    published = document()
    for reference in references(published):
        node: Any = published
        for name in reference.removeprefix("#/").split("/"):
            node = node[name]


def restricted_models() -> Iterator[type[BaseModel]]:
    for models in EVENT_TYPES.values():
        for model in models:
            if TOPICS[model.topic].sensitivity is Sensitivity.RESTRICTED:
                yield model


@pytest.mark.parametrize("model", list(restricted_models()), ids=lambda model: model.__name__)
def test_restricted_topics_show_only_permitted_clear_fields(model: type[BaseModel]) -> None:
    for name, marks in shown(model):
        assert CLEAR in marks and SEALED not in marks, f"{model.__name__}.{name} is not marked Clear"
        assert name in MAY_BE_CLEAR, f"{model.__name__}.{name} is Clear outside the closed list"


@pytest.mark.parametrize("model", [events.HouseholdReport, events.GroupReport, events.Person, events.HouseholdSealed])
def test_every_field_of_a_report_is_clear_or_sealed(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert (CLEAR in field.metadata) != (SEALED in field.metadata), f"{model.__name__}.{name}"
        assert SEALED in field.metadata or name in MAY_BE_CLEAR, f"{model.__name__}.{name}"


def shown(model: type[BaseModel]) -> Iterator[tuple[str, list[Any]]]:
    for name, field in model.model_fields.items():
        if name == BOX:
            continue
        yield name, field.metadata
        for within in (field.annotation, *get_args(field.annotation)):
            if isinstance(within, type) and issubclass(within, BaseModel):
                yield from shown(within)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)
