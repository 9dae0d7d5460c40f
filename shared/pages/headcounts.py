"""Writes the numbers of displaced people: in counted groups, in registered households, and in total."""

from collections.abc import Callable, Mapping
from typing import Any

from babel.support import NullTranslations

Number = Callable[[Any], str]


def displaced(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> str:
    """Writes the total, its parts, and the part of the total that is in held reports."""
    recorded = displaced_in_parts(figures, number, known)
    held = _held(figures, number, known)
    if not held and not (figures.get("reports") and figures.get("registered_persons")):
        return recorded
    persons = _persons(figures["persons"], number, known)
    total = known.gettext("Total, with the larger figure at each place: {persons}").format(persons=persons)
    return ". ".join([recorded, total, *held])


def displaced_in_parts(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> str:
    parts = [_registered(figures, number, known)]
    if figures.get("reports"):
        parts.insert(0, ", ".join(_counted(figures, number, known)))
    return "; ".join(parts)


def _held(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> list[str]:
    """Writes the numbers in held reports. Returns nothing if held reports add nobody to the total."""
    persons, households = figures.get("held_persons", 0), figures.get("held_households", 0)
    people = [_persons(persons, number, known)] if persons else []
    if households:
        text = known.ngettext("{count} household", "{count} households", households)
        people.append(text.format(count=number(households)))
    if not people:
        return []
    return [known.gettext("Of these in held reports, to be reviewed: {people}").format(people=", ".join(people))]


def _counted(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> list[str]:
    reports, families, yards = (figures.get(name, 0) for name in ("reports", "families", "yards"))
    persons = known.ngettext("{persons} counted in {count} report", "{persons} counted in {count} reports", reports)
    parts = [persons.format(persons=_persons(figures["counted_persons"], number, known), count=number(reports))]
    if estimated := figures.get("estimated_persons"):
        parts[0] += " " + known.gettext("(of these estimated: {count})").format(count=number(estimated))
    if families:
        parts.append(known.ngettext("{count} family", "{count} families", families).format(count=number(families)))
    if yards:
        parts.append(known.ngettext("{count} yard", "{count} yards", yards).format(count=number(yards)))
    return parts


def _registered(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> str:
    households, persons = figures.get("households", 0), figures.get("registered_persons")
    text = known.ngettext("{count} registered household", "{count} registered households", households)
    registered = text.format(count=number(households))
    return f"{registered} ({_persons(persons, number, known)})" if persons else registered


def _persons(persons: int, number: Number, known: NullTranslations) -> str:
    return known.ngettext("{count} person", "{count} persons", persons).format(count=number(persons))
