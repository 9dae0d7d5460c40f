"""Makes rows of registered people at sites, and of registered people who left a site with their household."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time

from services.registry.households.household_parts import Parts
from services.registry.households.movements import Passage, beginning
from services.registry.households.positions import Position
from services.registry.models import SitePassage, SiteResident
from services.registry.movement_rows import courses_of
from services.registry.reports import NEVER, Filed, days, moved_at, superseded
from services.registry.search.keys import KeysOfRoot
from services.registry.subjects import Subject
from shared.country import TIME_ZONE
from shared.events.vocabulary import DISPLACED, Precision
from shared.postgres.bulk_copy import Copy, Row

COLUMNS = ("household_id", "number", "site_key", "is_arrival", "status", "persons", "moved_at", "came_at")
RESIDENT_COLUMNS = ("household_id", "number", "site_key", "status", "persons", "came_at")


def site_passages(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    """Movements of everybody at a site are left out."""
    rows = (row for subject in subjects for row in site_passages_of(subject, keys))
    return Copy(SitePassage.__tablename__, COLUMNS, rows)


def site_passages_of(subject: Subject, keys: KeysOfRoot) -> list[Row]:
    left = (
        (keys.of_site(passage.before.site_id), departure, passage)
        for departure, course in courses_of(subject)
        for passage in course.passages
        if has_left_site(departure, passage)
    )
    return [
        (
            *(subject.name[1], number, site_key, False, departure.clear.status, passage.people.count),
            *(moved_at(passage.movement), came_at(departure, passage.before)),
        )
        for number, (site_key, departure, passage) in enumerate(left)
    ]


def has_left_site(departure: Filed, passage: Passage) -> bool:
    before, after = passage.before, passage.after
    is_displaced = departure.clear.mobility in DISPLACED and before.is_displaced()
    is_elsewhere = before.site_id != after.site_id or not after.is_displaced()
    return bool(before.site_id) and is_displaced and is_elsewhere and not passage.movement.site_id


def site_residents(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    rows = (row for subject in subjects for row in site_residents_of(subject, keys))
    return Copy(SiteResident.__tablename__, RESIDENT_COLUMNS, rows)


def site_residents_of(subject: Subject, keys: KeysOfRoot) -> list[Row]:
    there = (
        (keys.of_site(position.site_id), departure.clear.status, people.count, came_at(departure, position))
        for departure, parts in parts_now(subject)
        for position, people in parts.items()
        if position.site_id and position.is_displaced() and not position.is_abroad() and people.count
    )
    return [(subject.name[1], number, *row) for number, row in enumerate(there)]


def parts_now(subject: Subject) -> Iterator[tuple[Filed, Parts]]:
    """Returns nothing for a household without movements and without a site."""
    courses = {departure.report_id: course for departure, course in courses_of(subject)}
    for departure, ends_at in superseded(subject.displacements.values()):
        course = courses.get(departure.report_id)
        if ends_at is NEVER and departure.clear.mobility in DISPLACED and (course or departure.sealed.get("site_id")):
            yield departure, course.parts if course else beginning(departure)


def came_at(departure: Filed, position: Position) -> datetime:
    """The latest time at which the people can have come by the movement.

    A report that registers people at a site does not say when they came. Without a movement, returns the earliest time
    at which the people can have left their home.
    """
    if position.movement is not None:
        return position.placed_at
    if departure.clear.occurred_at_precision is Precision.HOUR:
        return departure.clear.occurred_at
    return datetime.combine(days(departure)[0], time(), TIME_ZONE)
