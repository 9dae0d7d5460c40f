"""Makes the rows of a working set for COPY, and encrypts the sealed columns. The models define the columns.

A column contains the field of the same name in the report (`Filed`) or, if there is none, in the report's clear fields.
A new clear field therefore needs only a new column. `PATHS` lists the columns whose fields have other names. The last
columns of each row are computed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from operator import attrgetter

import msgspec

from services.registry.aads import member_aad, report_aad, row_aad
from services.registry.counts.headcounts import Headcount
from services.registry.decisions import Name
from services.registry.figures.stays import Stay
from services.registry.groups.tallies import Tally
from services.registry.households.ages import Disaggregation, birth_year, disaggregated, member_codes, new_years
from services.registry.households.movements import Course, Passage
from services.registry.models import (
    UNCOMPARED,
    Episode,
    Group,
    GroupCount,
    GroupStay,
    Household,
    HouseholdPassage,
    HouseholdSearchKeys,
    HouseholdSiteKey,
    HouseholdStay,
    Member,
    RegistryModel,
    Report,
)
from services.registry.reports import NEVER, AnyFiled, Filed, superseded
from services.registry.search.keys import KeysOfRoot, KeyVersion
from services.registry.subjects import Subject
from shared.crypto.envelope_encryption import Key
from shared.events.vocabulary import Movement, SubStock
from shared.postgres import bulk_copy
from shared.postgres.bulk_copy import Copy, Row

UNKNOWN = "unknown"

# `msgspec` writes the JSON of a person in half the time of `pydantic_core`
_encode = msgspec.json.Encoder().encode

OF_REPORT = {field.name for field in fields(Filed)} | {"group_id"}
PATHS = {
    "clear": "text",
    "changed_at": "received_at",
    "shelter": "shelter",
    "needs": "needs",
    "origin_pcode": "clear.origin.pcode",
    "origin_country": "clear.origin.country",
    "destination_pcode": "clear.destination.pcode",
    "destination_country": "clear.destination.country",
    "displaced_from_pcode": "clear.origin.pcode",
}


class RowReader:
    """Makes the rows of a table from reports.

    The caller passes the values of the `computed` columns, in the order of these columns.
    """

    def __init__(self, model: type[RegistryModel], *computed: str) -> None:
        named = [name for name in bulk_copy.columns(model) if name not in computed]
        self._table = model.__tablename__
        self.columns = (*named, *computed)
        self._values = attrgetter(*map(path, named))

    def row(self, filed: AnyFiled | Headcount, *computed: object) -> Row:
        return (*self._values(filed), *computed)

    def copy(self, rows: Iterable[Row]) -> Copy:
        return Copy(self._table, self.columns, rows)


def path(column: str) -> str:
    return PATHS.get(column) or (column if column in OF_REPORT else f"clear.{column}")


# The rules that make the rows about the sites of a household have this version. The worker makes older rows again.
SITE_ROWS = 1
OF_SUBJECT = ("author", "team", "sequence", "row_version", "registered_at", "sealed")
REPORTS = RowReader(Report, "subject_id", "sealed")
NOW = ("current_pcode", "current_country")
KEYS = ("search_root_id", "search_folding", "site_root_id")
HOUSEHOLDS = RowReader(Household, "household_id", *OF_SUBJECT, *NOW, *KEYS, "site_rows")
DISAGGREGATED = ("sex_age", "ages", "assessed", "with_disability")  # the fields of `Disaggregation` have these columns
EPISODES = RowReader(Episode, "household_id", "displaced", *DISAGGREGATED, "superseded_at")
GROUPS = RowReader(Group, "group_id", *OF_SUBJECT)
MOVED = ("household_id", "number", "occurred_at", "occurred_at_precision")
PLACED = ("destination_pcode", "destination_country")
PEOPLE = ("persons", "displaced", "households", *DISAGGREGATED)
COURSE = ("movement", "departed_at", "superseded_at", "shelter")
STAYS = RowReader(HouseholdStay, *MOVED, *PLACED, *PEOPLE, *COURSE, "sub_stock", "confirmed_at", "is_return_presumed")
PASSAGES = RowReader(
    HouseholdPassage,
    *MOVED,
    *PLACED,
    *PEOPLE,
    *COURSE,
    "report_id",
    "version",
    "reported_at",
    "origin_pcode",
    "origin_country",
    "from_sub_stock",
    "to_sub_stock",
)
COUNTS = RowReader(
    GroupCount,
    "sex_age",
    "site_id",
    "counted_at",
    "population",
    "stock_id",
    "covers_site",
    "superseded_at",
    "superseded_by",
    "sub_stock",
    "movement_id",
    "changed_at",
    "displaced",
    "returned",
    "settled",
    "left_pcode",
    "left_country",
    "left_sub_stock",
    "fingerprint",
    "confirmed_at",
    "is_return_presumed",
)
GROUP_STAYS = RowReader(
    GroupStay, "number", "site_id", "persons", "sex_age", "counted_at", "stock_id", "sub_stock", "superseded_at"
)


def reports(filed: Iterable[AnyFiled], keys: Mapping[Name, Key]) -> Copy:
    return REPORTS.copy(report(filed_report, keys[filed_report.subject]) for filed_report in filed)


def report(filed: AnyFiled, key: Key) -> Row:
    subject_id = filed.subject[1]
    aad = report_aad(subject_id, filed.report_id, filed.clear.version, filed.author)
    return REPORTS.row(filed, subject_id, key.seal(filed.plain, aad))


def households(subjects: Iterable[Subject], keys: Mapping[Name, Key], searched_by: KeyVersion) -> Copy:
    return HOUSEHOLDS.copy(household(subject, keys[subject.name], searched_by) for subject in subjects)


def household(subject: Subject, key: Key, searched_by: KeyVersion) -> Row:
    current = subject.current
    plain = _encode({name: value for name, value in current.sealed.items() if name != "members"})
    made_by = *searched_by, searched_by.root_id, SITE_ROWS
    return HOUSEHOLDS.row(current, subject.name[1], *of_subject(subject, plain, key), *subject.place, *made_by)


def of_subject(subject: Subject, plain: bytes, key: Key) -> Row:
    """The values of the columns OF_SUBJECT."""
    owner, version = subject.owner, subject.row_version
    sealed = key.seal(plain, row_aad(subject.name[1], version))
    return owner.author, owner.team, subject.sequence, version, subject.registered_at, sealed


def members(subjects: Iterable[Subject], keys: Mapping[Name, Key]) -> Copy:
    rows = (row for subject in subjects for row in members_of(subject, keys[subject.name]))
    return Copy(Member.__tablename__, bulk_copy.columns(Member), rows)


def members_of(subject: Subject, key: Key) -> Iterator[Row]:
    """The rows of the members, in the order of the model's columns."""
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
            key.seal(_encode(person), member_aad(household_id, member_id, version)),
        )


def search_keys(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    rows = ((subject.name[1], keys.of_household(subject)) for subject in subjects)
    return Copy(HouseholdSearchKeys.__tablename__, bulk_copy.columns(HouseholdSearchKeys), rows)


def uncompared(subjects: Iterable[Subject]) -> Copy:
    return Copy(UNCOMPARED.name, ("household_id",), ((subject.name[1],) for subject in subjects))


def episodes(subjects: Iterable[Subject]) -> Copy:
    return EPISODES.copy(row for subject in subjects for row in episodes_of(subject))


def episodes_of(subject: Subject) -> Iterator[Row]:
    """The rows of a household's displacements.

    A row is valid until the household's next displacement or first movement.
    """
    courses: Mapping[str, Course] = subject.courses.by_departure if subject.has_movements else {}
    for filed, superseded_at in superseded(subject.displacements.values()):
        course = courses.get(filed.report_id)
        if course:
            yield episode(filed, course.departed.disaggregated(), course.changed_at)
        else:
            yield episode(filed, disaggregated(filed), superseded_at)


def episode(filed: Filed, people: Disaggregation, superseded_at: datetime) -> Row:
    return EPISODES.row(filed, filed.subject[1], sum(people.cells), *people, superseded_at)


def stays(subjects: Iterable[Subject]) -> Copy:
    rows = (
        stay_row(departure, number, stay)
        for subject in subjects
        for number, (departure, stay) in enumerate(
            (departure, stay) for departure, course in courses_of(subject) for stay in course.stays
        )
    )
    return STAYS.copy(rows)


def courses_of(subject: Subject) -> Iterator[tuple[Filed, Course]]:
    """The displacements that have movements, with their courses."""
    if subject.has_movements:
        for report_id, course in subject.courses.by_departure.items():
            yield subject.displacements[report_id], course


def stay_row(departure: Filed, number: int, stay: Stay) -> Row:
    position, people = stay.position, stay.people
    return STAYS.row(
        departure,
        *(departure.subject[1], number, stay.began_at, position.precision),
        *(position.pcode, position.country),
        *(people.count, people.count, stay.households),
        *people.disaggregated(new_years=new_years(departure.clear.occurred_at, stay.began_at)),
        *(position.movement, position.departed_at, stay.ended_at, position.shelter),
        *(position.sub_stock, position.confirmed_at, position.is_return_presumed),
    )


def passages(subjects: Iterable[Subject]) -> Copy:
    rows = (
        passage_row(departure, number, passage)
        for subject in subjects
        for number, (departure, passage) in enumerate(
            (departure, passage) for departure, course in courses_of(subject) for passage in course.passages
        )
    )
    return PASSAGES.copy(rows)


def passage_row(departure: Filed, number: int, passage: Passage) -> Row:
    movement, before, after, people = passage.movement, passage.before, passage.after, passage.people
    return PASSAGES.row(
        departure,
        *(departure.subject[1], number, passage.moved_at, movement.clear.occurred_at_precision),
        *(after.pcode, after.country),
        *(people.count, people.count, passage.households),
        *moving(departure, passage),
        *(after.movement, before.departed_at, NEVER, after.shelter),
        *(movement.report_id, movement.clear.version, movement.clear.reported_at),
        *(before.pcode, before.country, before.sub_stock, after.sub_stock),
    )


def moving(departure: Filed, passage: Passage) -> Disaggregation:
    """The people who moved. If the movement is a new displacement, their ages are those on the day of the movement."""
    if passage.movement.clear.movement is Movement.DISPLACED_AGAIN:
        return passage.people.coded(member_codes(departure, passage.moved_at)).disaggregated()
    return passage.people.disaggregated(new_years=new_years(departure.clear.occurred_at, passage.moved_at))


def household_site_keys(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    """The rows that tell which households a movement of everybody at a site concerns."""
    names = ((keys.of_site(site_id), subject.name[1]) for subject in subjects for site_id in sorted(subject.site_ids))
    return Copy(HouseholdSiteKey.__tablename__, ("site_key", "household_id"), names)


def groups(subjects: Iterable[Subject], keys: Mapping[Name, Key]) -> Copy:
    return GROUPS.copy(group(subject, keys[subject.name]) for subject in subjects)


def group(subject: Subject, key: Key) -> Row:
    current = subject.current
    return GROUPS.row(current, subject.name[1], *of_subject(subject, _encode(current.sealed), key))


def counts(tallies: Iterable[Tally]) -> Copy:
    return COUNTS.copy(map(count, tallies))


def count(tally: Tally) -> Row:
    """The row of a count: the counted people, the time until which the count is valid, and the people who are left."""
    same, standing = tally.count, tally.standing
    computed = same.site_id, same.counted_at, same.population, same.stock_id, same.covers_site
    changed_at = tally.steps[1].at if tally.has_moved else None
    gone = tally.gone[SubStock.IN_RETURN], tally.gone[SubStock.IN_SETTLEMENT]
    left = (same.left.pcode, same.left.country) if same.left else (None, None)
    return COUNTS.row(
        same,
        same.people.cells,
        *computed,
        *standing,
        same.sub_stock,
        same.movement_id,
        changed_at,
        tally.displaced,
        *gone,
        *left,
        same.left_sub_stock,
        tally.fingerprint,
        tally.confirmed_at,
        tally.is_return_presumed,
    )


def group_stays(tallies: Iterable[Tally]) -> Copy:
    return GROUP_STAYS.copy(row for tally in tallies for row in group_stays_of(tally))


def group_stays_of(tally: Tally) -> Iterator[Row]:
    """One row for each movement, with the people who were left in the count after the movement.

    The row in `counts` describes the time before the first movement.
    """
    ends = [step.at for step in tally.steps[1:]] + [tally.standing.superseded_at]
    for number, (step, ends_at) in enumerate(zip(tally.steps, ends, strict=True)):
        is_superseded = tally.standing.superseded_by is not None and step.at >= tally.standing.superseded_at
        if number and step.people.count and step.at != ends_at and not is_superseded:
            same, people = tally.count, step.people
            numbers = people.count, people.cells, step.at, same.stock_id, same.sub_stock, ends_at
            yield GROUP_STAYS.row(same, number, same.site_id, *numbers)
