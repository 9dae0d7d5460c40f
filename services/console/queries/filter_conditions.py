"""The SQL condition of a filter of the board's alerts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, or_
from sqlalchemy.dialects.postgresql import JSONPATH

from services.console.filters import Filter, Meaning, meanings
from services.console.models import BoardAlert, BoardHazard
from services.console.queries.board_alerts import HOLDS, concern
from services.console.sections import Section
from shared.places import Places
from shared.places.localities import SAME_LETTERS
from shared.postgres.models import table

LETTERS, SAME = ("".join(map(chr, codes)) for codes in (SAME_LETTERS.keys(), SAME_LETTERS.values()))


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
    for meaning in meanings(chosen.words, places):
        yield _has(meaning)


def _has(meaning: Meaning) -> ColumnElement[bool]:
    """Whether the type of hazard, a place, or a text of the hazard has the word."""
    texts = cast(func.jsonb_path_query_array(BoardHazard.text, cast("$.*.*", JSONPATH)), Text)
    is_in_text = or_(*(_contains(column, meaning.word) for column in (texts, BoardHazard.area, BoardHazard.type_text)))
    return or_(
        HAZARD_TYPE.in_(meaning.hazards),
        BoardAlert.pcodes.op("&&")(list(meaning.pcodes)),
        exists().where(BoardHazard.hazard_id == BoardAlert.hazard_id, is_in_text),
    )


def _contains(column: ColumnElement[str] | object, word: str) -> ColumnElement[bool]:
    return func.translate(func.lower(column), LETTERS, SAME).contains(word, autoescape=True)
