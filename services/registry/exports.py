"""Figures as others read them: rows of plain values, and CSV with the HXL row that HDX's tools look for."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from services.registry.reports import CELLS
from services.registry.statistics import Figure, View
from shared.events.vocabulary import AgeBracket, Sex
from shared.places import Places

Row = dict[str, Any]

SEX_TAGS = {Sex.FEMALE: "+f", Sex.MALE: "+m", Sex.UNKNOWN: "+sex_unknown"}
AGE_TAGS = {
    AgeBracket.AGE_0_5: "+age_0_5", AgeBracket.AGE_6_11: "+age_6_11", AgeBracket.AGE_12_17: "+age_12_17",
    AgeBracket.AGE_18_59: "+age_18_59", AgeBracket.AGE_60_PLUS: "+age_60", AgeBracket.UNKNOWN: "+age_unknown",
}  # fmt: skip


def rows(figures: Iterable[Figure], places: Places, *, status: str, date: str | None = None) -> list[Row]:
    return [row(figure, places, status=status, date=date) for figure in figures]


def row(figure: Figure, places: Places, *, status: str, date: str | None) -> Row:
    """`households` and `persons` are registered one by one; `groups` and `group_persons` were counted, and are not added."""
    pcode = figure.pcode
    return {
        **({"month": figure.period} if date is None else {"date": date}),
        "status": status,
        "pcode": pcode,
        "soate": soate(pcode),
        "name": places.name(pcode, "en") if pcode else None,
        "country": figure.country,
        "scope": figure.scope.value,
        "reason": figure.reason.value,
        "households": figure.households,
        "persons": figure.persons,
        **{cell_name(*cell): count for cell, count in zip(CELLS, figure.cells, strict=True)},
        "groups": figure.groups,
        "group_persons": figure.group_persons,
        "corrected": figure.corrected,
        "imprecise": figure.imprecise,
    }


def soate(pcode: str | None) -> str | None:
    """The state's own 14 digits: 417, and what stands in the P-code after `KG`."""
    return f"417{pcode[2:]}" if pcode else None


def cell_name(sex: Sex, age: AgeBracket) -> str:
    return f"{sex}_{age.replace('-', '_').replace('+', '_plus')}"


def tags(names: Sequence[str], *, view: View, level: int) -> list[str]:
    """The HXL row under the names."""
    at = "#country" if level == 0 else f"#adm{level}"
    side = "+origin" if view is View.ORIGIN else "+destination"
    known = {
        "month": "#date+month", "date": "#date+reported", "status": "#status", "pcode": f"{at}+code{side}",
        "soate": f"{at}+code+soate{side}", "name": f"{at}+name{side}", "country": f"#country+code{side}",
        "scope": "#event+scope", "reason": "#cause+type", "households": "#affected+idps+hh+registered",
        "persons": "#affected+idps+ind+registered", "groups": "#meta+groups+num",
        "group_persons": "#affected+idps+ind+counted", "corrected": "#meta+corrected+num",
        "imprecise": "#meta+imprecise+num",
        **{cell_name(sex, age): f"#affected+idps{SEX_TAGS[sex]}{AGE_TAGS[age]}" for sex, age in CELLS},
    }  # fmt: skip
    return [known[name] for name in names]


def as_csv(rows: Sequence[Row], names: Sequence[str], *, view: View, level: int) -> str:
    """Names, HXL tags, then the figures."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerow(tags(names, view=view, level=level))
    writer.writerows([["" if row[name] is None else row[name] for name in names] for row in rows])
    return text.getvalue()


def names(*, is_stock: bool) -> list[str]:
    return [
        "date" if is_stock else "month", "status", "pcode", "soate", "name", "country", "scope", "reason", "households",
        "persons", *(cell_name(*cell) for cell in CELLS), "groups", "group_persons", "corrected", "imprecise",
    ]  # fmt: skip
