"""Makes the rows of the registered people who came to a site or left it by a movement of their household."""

from collections.abc import Iterable

from services.registry.households.movements import Passage
from services.registry.households.positions import Position
from services.registry.models import SitePassage
from services.registry.reports import Filed, moved_at
from services.registry.rows import courses_of
from services.registry.search.keys import KeysOfRoot
from services.registry.subjects import Subject
from shared.events.vocabulary import DISPLACED
from shared.postgres.bulk_copy import Copy, Row

COLUMNS = ("household_id", "number", "site_key", "is_arrival", "status", "persons", "moved_at")


def site_passages(subjects: Iterable[Subject], keys: KeysOfRoot) -> Copy:
    """One row for each site that displaced people of a household left or reached by a movement of the household."""
    return Copy(
        SitePassage.__tablename__,
        COLUMNS,
        (row for subject in subjects for row in site_passages_of(subject, keys)),
    )


def site_passages_of(subject: Subject, keys: KeysOfRoot) -> list[Row]:
    return [
        (subject.name[1], number, keys.of_site(site_id), is_arrival, status, persons, at)
        for number, (site_id, is_arrival, status, persons, at) in enumerate(
            (position.site_id, is_arrival, departure.clear.status, passage.people.count, moved_at(passage.movement))
            for departure, course in courses_of(subject)
            for passage in course.passages
            for position, is_arrival in ((passage.before, False), (passage.after, True))
            if is_moved_at_site(departure, passage, position)
        )
    ]


def is_moved_at_site(departure: Filed, passage: Passage, position: Position) -> bool:
    """Whether the movement of the household changes the number of displaced people at the site of this position."""
    is_displaced = departure.clear.mobility in DISPLACED and position.is_displaced()
    is_elsewhere = passage.before.site_id != passage.after.site_id or not passage.after.is_displaced()
    return bool(position.site_id) and is_displaced and is_elsewhere and not passage.movement.site_id
