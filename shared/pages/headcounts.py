"""Formats the numbers of displaced people: counted groups, registered households, and the total."""

from collections.abc import Callable, Mapping
from typing import Any

from babel.support import NullTranslations

Number = Callable[[Any], str]


def displaced(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> str:
    """The numbers of counted people and registered people as text, with the total if both exist."""
    registered = _registered(figures, number, known)
    if not figures.get("reports"):
        return registered
    both = "; ".join([", ".join(_counted(figures, number, known)), registered])
    if not figures.get("registered_persons"):
        return both
    total = _persons(figures["persons"], number, known)
    return ". ".join(
        [both, known.gettext("Total, with the larger figure at each place: {persons}").format(persons=total)]
    )


def _counted(figures: Mapping[str, Any], number: Number, known: NullTranslations) -> list[str]:
    reports, families, yards = (figures.get(name, 0) for name in ("reports", "families", "yards"))
    persons = known.ngettext("{persons} counted in {count} report", "{persons} counted in {count} reports", reports)
    parts = [persons.format(persons=_persons(figures["counted_persons"], number, known), count=number(reports))]
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
