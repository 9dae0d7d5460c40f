"""Makes the rows of the displacements and movements of households for COPY."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from services.registry.figures.stays import Stay
from services.registry.households.ages import Disaggregation, disaggregated, member_codes, new_years
from services.registry.households.movements import Course, Passage
from services.registry.models import Episode, HouseholdPassage, HouseholdStay
from services.registry.reports import NEVER, Filed, superseded
from services.registry.row_readers import RowReader
from services.registry.subjects import Subject
from shared.events.vocabulary import Movement
from shared.postgres.bulk_copy import Copy, Row

DISAGGREGATED = ("sex_age", "ages", "assessed", "with_disability")
EPISODES = RowReader(Episode, "household_id", "displaced", *DISAGGREGATED, "superseded_at")

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
StayOrPassage = TypeVar("StayOrPassage", Stay, Passage)


def episodes(subjects: Iterable[Subject]) -> Copy:
    return EPISODES.copy(row for subject in subjects for row in episodes_of(subject))


def episodes_of(subject: Subject) -> Iterator[Row]:
    """A row about a displacement is valid until the household's next displacement or first movement."""
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
    return STAYS.copy(numbered(subjects, attrgetter("stays"), stay_row))


def passages(subjects: Iterable[Subject]) -> Copy:
    return PASSAGES.copy(numbered(subjects, attrgetter("passages"), passage_row))


def numbered(
    subjects: Iterable[Subject],
    parts: Callable[[Course], Iterable[StayOrPassage]],
    row: Callable[[Filed, int, StayOrPassage], Row],
) -> Iterator[Row]:
    """The parts of each household are numbered from 0."""
    for subject in subjects:
        own = ((departure, part) for departure, course in courses_of(subject) for part in parts(course))
        for number, (departure, part) in enumerate(own):
            yield row(departure, number, part)


def courses_of(subject: Subject) -> Iterator[tuple[Filed, Course]]:
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
    """If a movement is a new displacement, ages are on the day of the movement."""
    if passage.movement.clear.movement is Movement.DISPLACED_AGAIN:
        return passage.people.coded(member_codes(departure, passage.moved_at)).disaggregated()
    return passage.people.disaggregated(new_years=new_years(departure.clear.occurred_at, passage.moved_at))
