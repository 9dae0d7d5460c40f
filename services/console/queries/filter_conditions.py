"""The SQL condition of a filter of the board's alerts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, cast, exists, not_, or_
from sqlalchemy.dialects.postgresql import TSQUERY

from services.console.filters import Filter
from services.console.models import BoardAlert, SearchEntry
from services.console.queries.board_alerts import HOLDS, concern
from services.console.search.entries import FAILED
from services.console.search.kinds import SearchKind
from services.console.search.words import query_of
from services.console.sections import Section
from shared.places import Places
from shared.postgres.models import table

HAZARD_TYPE = table(BoardAlert).c.hazard_type


def condition(chosen: Filter, now: datetime, places: Places) -> ColumnElement[bool]:
    return and_(True, *_parts(chosen, now, places))


def _parts(chosen: Filter, now: datetime, places: Places) -> Iterable[ColumnElement[bool]]:
    if chosen.hazards:
        yield HAZARD_TYPE.in_(chosen.hazards)
    if chosen.severities:
        yield BoardAlert.severity.in_(chosen.severities)
    if chosen.states:
        yield or_(*(HOLDS[Section(state)] for state in chosen.states))
    if chosen.area:
        yield concern(BoardAlert.pcodes.expression, sorted(places.around((chosen.area,)) or ()))
    if chosen.hours:
        yield BoardAlert.raised_at > now - timedelta(hours=chosen.hours)
    if query := query_of(chosen.text):
        yield _may_have(query)


def _may_have(query: str) -> ColumnElement[bool]:
    """Selects alerts whose words match, and alerts without words, because they may match later.

    The search makes the words of an alert about a second after the alert arrives.
    """
    is_made = and_(SearchEntry.kind == SearchKind.ALERTS, SearchEntry.version != FAILED)
    is_other = not_(SearchEntry.words.bool_op("@@")(cast(query, TSQUERY)))
    return ~exists().where(SearchEntry.id == BoardAlert.alert_id, is_made, is_other)
