"""Figures are exported as CSV. The file has a row of HXL tags, and HDX's country codes."""

import csv
import io

import pytest
from babel.core import get_global

from services.registry.figures import exports
from services.registry.figures.age_profiles import PROFILES
from services.registry.figures.countries import ALPHA_3, WITHDRAWN, alpha_3
from services.registry.figures.queries import MovementScope, View
from services.registry.reports import MOVES
from shared.auth.tokens import Role
from shared.events.vocabulary import DISPLACED, Mobility
from tests.registry.conftest import Office
from tests.registry.factories import LEILEK, OSH, group, household

STOCK, FLOWS = "/v1/statistics/stock", "/v1/statistics/flows"


async def csv_of(office: Office, path: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    answer = await office.get(path, role=Role.ANALYST, accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    tags, *rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    return tags, rows


@pytest.mark.anyio
async def test_csv_has_the_hxl_row(office: Office) -> None:
    await office.file(household(), group(destination={"pcode": LEILEK}, measure="flow"))
    tags, [row] = await csv_of(office, FLOWS)
    assert list(tags.items())[:11] == [
        ("month", "#date+month"),
        ("status", "#status"),
        ("country", "#country+code+v_iso3+dest"),
        ("pcode", "#adm2+code+v_pcode+dest"),
        ("soate", "#adm2+code+v_soate+dest"),
        ("name", "#adm2+name+dest"),
        ("scope", "#event+scope"),
        ("reason", "#cause+type"),
        ("mobility", "#event+type+mobility"),
        ("households", "#affected+idps+hh+registered"),
        ("persons", "#affected+idps+ind+registered"),
    ]
    assert tags["female_0_5"] == "#affected+idps+f+age_0_5"
    assert tags["with_disability"] == "#affected+idps+ind+disabled"
    assert row | {"name": ""} == {
        **dict.fromkeys(tags, "0"),
        "month": "2026-06",
        "status": "Actual",
        "country": "KGZ",
        "pcode": LEILEK,
        "soate": "41705236000000",
        "name": "",
        "scope": "within",
        "reason": "natural_disaster",
        "mobility": "displacement",
        "households": "1",
        "persons": "5",
        "female_12_17": "1",
        "female_18_59": "1",
        "female_60_plus": "1",
        "male_6_11": "1",
        "male_18_59": "1",
        "groups": "1",
        "group_persons": "120",
    }


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "tag"),
    [
        ("", "#affected+idps+ind+registered"),
        ("scope=within&scope=abroad", "#affected+displaced+ind+registered"),
        ("scope=abroad", "#affected+displaced+ind+registered"),
        ("scope=within", "#affected+idps+ind+registered"),
        ("scope=within&mobility=evacuation", "#affected+idps+ind+registered"),
        ("scope=within&mobility=migration", "#population+migrants+ind+registered"),
        ("scope=within&mobility=migration&mobility=displacement", "#population+moved+ind+registered"),
    ],
)
async def test_a_column_is_tagged_by_the_people_that_it_counts(office: Office, query: str, tag: str) -> None:
    tags, _ = await csv_of(office, f"{STOCK}?{query}")
    assert tags["persons"] == tag


@pytest.mark.anyio
async def test_the_whole_country_is_one_row_with_its_name(office: Office) -> None:
    """At level 0, one row counts reports about districts together with reports about the whole country.

    Each foreign country has a row of its own.
    """
    await office.file(household(), household(destination={"pcode": OSH}), household(destination={"country": "KG"}))
    await office.file(household(destination={"country": "RU"}), household(destination={"country": "ZZ"}))
    tags, rows = await csv_of(office, f"{STOCK}?level=0&scope=within&scope=abroad&scope=unknown")
    assert [(row["country"], row["pcode"], row["soate"], row["name"], row["households"]) for row in rows] == [
        ("KGZ", "KG", "41700000000000", "Kyrgyzstan", "3"),
        ("RUS", "", "", "Russia", "1"),
        ("ZZZ", "", "", "Unknown Region", "1"),
    ]
    assert (tags["country"], tags["pcode"]) == ("#country+code+v_iso3+dest", "#country+code+v_pcode+dest")
    assert len(set(tags.values())) == len(tags)


@pytest.mark.anyio
async def test_a_report_for_the_whole_country_is_distinguished_from_its_districts(office: Office) -> None:
    await office.file(household(), household(destination={"country": "KG"}))
    _, rows = await csv_of(office, STOCK)
    assert [(row["country"], row["pcode"]) for row in rows] == [("KGZ", LEILEK), ("KGZ", "")]


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("mobilities", [DISPLACED, MOVES, (Mobility.MIGRATION,)])
def test_no_two_columns_have_the_same_tag(level: int, view: View, mobilities: tuple[Mobility, ...]) -> None:
    people = exports.people(mobilities, [MovementScope.WITHIN])
    for profile in PROFILES.values():
        names = exports.names(is_stock=True, profile=profile)
        tags = exports.tags(names, people=people, view=view, level=level, profile=profile)
        assert len(set(tags)) == len(names)


@pytest.mark.parametrize(
    ("alpha_2", "expected"),
    [
        ("KG", "KGZ"),
        ("RU", "RUS"),
        ("DE", "DEU"),
        ("MM", "MMR"),
        ("CD", "COD"),
        ("TR", "TUR"),
        ("ZZ", "ZZZ"),
        ("QO", "QO"),
    ],
)
def test_countries_are_exported_as_alpha_3(alpha_2: str, expected: str) -> None:
    assert alpha_3(alpha_2) == expected


def test_no_country_has_two_codes() -> None:
    """CLDR's list of countries includes withdrawn codes.

    Each withdrawn code must be in `WITHDRAWN`. With a missing withdrawn code, a country could have two codes in
    exports.
    """
    aliases = get_global("territory_aliases").items()
    countries = [now for code, now in aliases if len(code) == 3 and code.isalpha() and code not in WITHDRAWN]
    assert len([now for now in countries if len(now) == 1]) == len(ALPHA_3)


@pytest.mark.anyio
async def test_excel_opens_the_file_as_utf_8_with_names_in_the_readers_language(office: Office) -> None:
    await office.file(household())
    answer = await office.get(f"{STOCK}?format=csv&lang=ru", role=Role.ANALYST)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "район" in answer.text
