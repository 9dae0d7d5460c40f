"""Table rows of a working set: tuples in column order, with sealed columns encrypted."""

from collections.abc import Iterator
from datetime import datetime

from pydantic_core import to_json

from services.registry.envelope_encryption import Key, member_aad, report_aad, row_aad
from services.registry.reports import Filed, birth_year, sex_age, superseded
from services.registry.working_set import Subject
from shared.events.displacements import GroupClear, HouseholdClear
from shared.postgres.bulk_copy import Row

UNKNOWN = "unknown"

PLACES = ("origin_pcode", "origin_country", "destination_pcode", "destination_country")

REPORTS = (
    "report_id",
    "version",
    "author",
    "kind",
    "subject_id",
    "team",
    "channel",
    "received_at",
    "places_version",
    "flags",
    "status",
    "digest",
    "outcome",
    "reason",
    "outcome_id",
    "clear",
    "sealed",
)
HOUSEHOLDS = (
    "household_id",
    "status",
    "author",
    "team",
    "report_id",
    "version",
    "sequence",
    "row_version",
    *PLACES,
    "persons",
    "registered_at",
    "changed_at",
    "sealed",
)
MEMBERS = ("household_id", "member_id", "position", "row_version", "sex", "birth_year", "relationship", "sealed")
EPISODES = (
    "report_id",
    "household_id",
    "version",
    "status",
    "occurred_at",
    "occurred_at_precision",
    "reported_at",
    "mobility",
    *PLACES,
    "persons",
    "displaced",
    "sex_age",
    "reasons",
    "hazard_type",
    "hazard_id",
    "superseded_at",
)
GROUPS = (
    "group_id",
    "status",
    "author",
    "team",
    "report_id",
    "version",
    "sequence",
    "row_version",
    "registered_at",
    "changed_at",
    "sealed",
)
COUNTS = (
    "report_id",
    "group_id",
    "version",
    "status",
    "occurred_at",
    "occurred_at_precision",
    "reported_at",
    "mobility",
    *PLACES,
    "measure",
    "quantifier",
    "persons",
    "sex_age",
    "reasons",
    "hazard_type",
    "hazard_id",
    "superseded_at",
)


def report(filed: Filed, key: Key) -> Row:
    clear, (kind, subject_id) = filed.clear, filed.subject
    aad = report_aad(subject_id, filed.report_id, clear.version, filed.author)
    return (
        filed.report_id,
        clear.version,
        filed.author,
        kind,
        subject_id,
        filed.team,
        filed.channel,
        filed.received_at,
        filed.places_version,
        filed.flags,
        clear.status,
        filed.digest,
        filed.outcome,
        filed.reason,
        filed.outcome_id,
        filed.text,
        key.seal(filed.plain, aad),
    )


def household(subject: Subject, key: Key) -> Row:
    current, version = subject.current, subject.row_version
    clear, household_id = current.clear, subject.name[1]
    plain = to_json({name: value for name, value in current.sealed.items() if name != "members"})
    return (
        household_id,
        clear.status,
        subject.owner.author,
        subject.owner.team,
        current.report_id,
        clear.version,
        subject.sequence,
        version,
        *places(clear),
        clear.persons,
        subject.registered_at,
        current.received_at,
        key.seal(plain, row_aad(household_id, version)),
    )


def members(subject: Subject, key: Key) -> Iterator[Row]:
    household_id, version = subject.name[1], subject.row_version
    for position, person in enumerate(subject.current.sealed.get("members", ())):
        member_id = person["member_id"]
        yield (
            household_id,
            member_id,
            position,
            version,
            person.get("sex", UNKNOWN),
            birth_year(person),
            person.get("relationship", UNKNOWN),
            key.seal(to_json(person), member_aad(household_id, member_id, version)),
        )


def episodes(household: Subject) -> Iterator[Row]:
    for filed, superseded_at in superseded(household.displacements.values()):
        yield episode(filed, superseded_at)


def episode(filed: Filed, superseded_at: datetime) -> Row:
    clear, cells = filed.clear, sex_age(filed)
    return (
        *displacement(filed),
        clear.persons,
        sum(cells),
        cells,
        clear.reasons,
        clear.hazard_type,
        clear.hazard_id,
        superseded_at,
    )


def displacement(filed: Filed) -> Row:
    """The first columns of `episodes` and of `counts`: what a household's and a group's displacement share."""
    clear = filed.clear
    return (
        filed.report_id,
        filed.subject[1],
        clear.version,
        clear.status,
        clear.occurred_at,
        clear.occurred_at_precision,
        clear.reported_at,
        clear.mobility,
        *places(clear),
    )


def group(subject: Subject, key: Key) -> Row:
    current, group_id = subject.current, subject.name[1]
    plain = to_json(current.sealed)
    return (
        group_id,
        current.clear.status,
        subject.owner.author,
        subject.owner.team,
        current.report_id,
        current.clear.version,
        subject.sequence,
        subject.row_version,
        subject.registered_at,
        current.received_at,
        key.seal(plain, row_aad(group_id, subject.row_version)),
    )


def counts(group: Subject) -> Iterator[Row]:
    for filed, superseded_at in superseded(group.displacements.values()):
        yield count(filed, superseded_at)


def count(filed: Filed, superseded_at: datetime) -> Row:
    clear = filed.clear
    assert isinstance(clear, GroupClear)
    return (
        *displacement(filed),
        clear.measure,
        clear.quantifier,
        clear.persons,
        sex_age(filed),
        clear.reasons,
        clear.hazard_type,
        clear.hazard_id,
        superseded_at,
    )


def places(clear: HouseholdClear | GroupClear) -> tuple[str | None, str | None, str | None, str | None]:
    return clear.origin.pcode, clear.origin.country, clear.destination.pcode, clear.destination.country
