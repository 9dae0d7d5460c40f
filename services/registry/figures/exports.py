"""Exports figures as rows of plain values, and as CSV with the HXL row that the tools of HDX expect."""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import msgspec

from services.registry.figures.age_profiles import PROFILES, AgeProfile, AnyBracket, Profile
from services.registry.figures.countries import alpha_3
from services.registry.figures.figure_values import Figure
from services.registry.figures.queries import IN_COUNTRY, Dimension, MovementScope, View
from shared.country import COUNTRY, soate
from shared.events.vocabulary import DISPLACED, Mobility, Sex, SubStock
from shared.pages.formats import country
from shared.places import Places

Row = tuple[Any, ...]

SEX_TAGS: dict[str, str] = {Sex.FEMALE: "+f", Sex.MALE: "+m", Sex.UNKNOWN: "+sex_unknown"}
AGE_TAGS: dict[AnyBracket, str] = {
    "0-4": "+age_0_4",
    "0-5": "+age_0_5",
    "5-11": "+age_5_11",
    "6-11": "+age_6_11",
    "0-14": "+age_0_14",
    "12-17": "+age_12_17",
    "15-64": "+age_15_64",
    "18-59": "+age_18_59",
    "60+": "+age_60",
    "65+": "+age_65",
    "unknown": "+age_unknown",
}
DTM = PROFILES[AgeProfile.DTM]


def rows(
    figures: Iterable[Figure],
    places: Places,
    *,
    status: str,
    level: int,
    by: Collection[Dimension] = (),
    date: str | None = None,
    language: str = "en",
) -> list[Row]:
    """The values are in the order of `names()`.

    The registered `persons` and the counted `group_persons` stay apart, and must never be added.
    """
    dimensions = [dimension.value for dimension in Dimension if dimension in by]
    place_of = cache(lambda pcode, country: place(pcode, country, places, level, language))
    return [
        (
            date or figure.period,
            status,
            *place_of(figure.pcode, figure.country),
            figure.scope,
            figure.reason,
            figure.mobility,
            *([getattr(figure, dimension) for dimension in dimensions] if dimensions else ()),
            figure.households,
            figure.persons,
            *figure.cells,
            figure.assessed,
            figure.with_disability,
            figure.groups,
            figure.group_persons,
            figure.corrected,
            figure.imprecise,
        )
        for figure in figures
    ]


@cache
def row_type(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """A Struct, because `msgspec` writes a Struct as JSON much faster than a dict."""
    return msgspec.defstruct("Row", names, gc=False)


def place(pcode: str | None, code: str | None, places: Places, level: int, language: str) -> Row:
    known = pcode or (COUNTRY if level == 0 and code == COUNTRY else None)
    return alpha_3(code) if code else None, known, soate(known), name(pcode, code, places, level, language)


def name(pcode: str | None, code: str | None, places: Places, level: int, language: str) -> str | None:
    if pcode:
        return places.name(pcode, language)
    return country(code, language) if level == 0 and code else None


def people(
    mobilities: Iterable[Mobility],
    scopes: Iterable[MovementScope],
    sub_stocks: Collection[SubStock] = (SubStock.IN_DISPLACEMENT,),
) -> str:
    """HXL: `+idps` are people displaced within the country, and `#population` is used for migrants."""
    if SubStock.IN_DISPLACEMENT not in sub_stocks:
        return "#affected+returnees" if set(sub_stocks) == {SubStock.IN_RETURN} else "#affected+settled"
    counted = set(mobilities)
    if counted <= set(DISPLACED):
        return "#affected+idps" if set(scopes) <= set(IN_COUNTRY) else "#affected+displaced"
    return "#population+migrants" if counted == {Mobility.MIGRATION} else "#population+moved"


def tags(names: Sequence[str], *, people: str, view: View, level: int, profile: Profile = DTM) -> list[str]:
    """The names of the columns come first, and the HXL row second."""
    at = "#country" if level == 0 else f"#adm{level}"
    side = "+origin" if view is View.ORIGIN else "+dest"
    known = {
        "month": "#date+month",
        "date": "#date+reported",
        "status": "#status",
        "country": f"#country+code+v_iso3{side}",
        "pcode": f"{at}+code+v_pcode{side}",
        "soate": f"{at}+code+v_soate{side}",
        "name": f"{at}+name{side}",
        "scope": "#event+scope",
        "reason": "#cause+type",
        "mobility": "#event+type+mobility",
        "hazard_type": "#event+type+hazard",
        "onset": "#cause+onset",
        "shelter": "#shelter+type",
        "evacuation": "#event+type+evacuation",
        "confirmation": "#meta+confirmation",
        "households": f"{people}+hh+registered",
        "persons": f"{people}+ind+registered",
        "assessed": f"{people}+ind+assessed",
        "with_disability": f"{people}+ind+disabled",
        "groups": "#meta+groups+num",
        "group_persons": f"{people}+ind+counted",
        "corrected": "#meta+corrected+num",
        "imprecise": "#meta+imprecise+num",
        **{
            name: f"{people}{SEX_TAGS[sex]}{AGE_TAGS[age]}"
            for name, (sex, age) in zip(profile.names, profile.cells, strict=True)
        },
    }
    return [known[name] for name in names]


def as_csv(rows: Sequence[Row], names: Sequence[str], tags: Sequence[str]) -> str:
    """A byte order mark at the beginning makes Excel read UTF-8."""
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerow(tags)
    writer.writerows(rows)
    return text.getvalue()


def names(*, is_stock: bool, by: Collection[Dimension] = (), profile: Profile = DTM) -> list[str]:
    """The alpha-3 code comes first, because tools use the first column that matches `#country+code`."""
    return [
        "date" if is_stock else "month",
        "status",
        "country",
        "pcode",
        "soate",
        "name",
        "scope",
        "reason",
        "mobility",
        *(dimension.value for dimension in Dimension if dimension in by),
        "households",
        "persons",
        *profile.names,
        "assessed",
        "with_disability",
        "groups",
        "group_persons",
        "corrected",
        "imprecise",
    ]
