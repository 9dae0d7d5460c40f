"""The import of a sheet of sites returns a result for each row.

The import loses no row, and adds each site only once.
"""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from services.registry.sites.sheets import BadSheet, read
from shared.auth.tokens import Role
from tests import gazetteers
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI
from tests.registry.test_sites import listed, rows, saved

pytestmark = pytest.mark.anyio

HEADER = "name_ru,name_ky,type,pcode,locality,lat,lon,capacity,state,needs,person_in_charge,phone"
SHEET = f"""{HEADER}
Школа № 5,№ 5 мектеп,school,{KADAMJAI},Пульгон,39.94,71.62,250,full,"water, beds",Бурул Асанова,+996 555 123456
,Тобей мечити,mosque,{KADAMJAI},Тобей,,,,,,,

Пункт эвакуации,,evacuation_point,{KADAMJAI},,95,71,-3,,bread,,555
ШКОЛА №5,,school,{KADAMJAI},пульгон,,,,,,,
Лагерь,,tent_camp,{BATKEN},,,,,,,,
,,school,{KADAMJAI},,,,,,,,
"""


async def imported(
    office: Office, sheet: str | bytes, *, path: str = "/v1/sites:import", dry_run: bool = False, columns: str = ""
) -> Any:
    raw = sheet.encode() if isinstance(sheet, str) else sheet
    token = office.installation.token(roles=[Role.REGISTRAR], areas=[KADAMJAI])
    path += f"{'&' if '?' in path else '?'}dry_run={dry_run}&columns={columns}"
    return await office.client.post(path, content=raw, headers={"authorization": f"Bearer {token}"})


def verdicts(answer: Any) -> list[tuple[int, str, list[str]]]:
    assert answer.status_code == 200, answer.text
    return [(row["line"], row["verdict"], [column for column, _ in row["errors"]]) for row in answer.json()["rows"]]


EXPECTED = [
    (2, "added", []),
    (3, "added", []),
    (5, "refused", ["lat", "capacity", "needs", "person_in_charge"]),
    (6, "known", []),
    (7, "refused", ["pcode"]),
    (8, "refused", [""]),
]


async def test_each_row_gets_a_verdict_and_a_dry_run_adds_nothing(office: Office) -> None:
    trial = await imported(office, SHEET, dry_run=True)
    assert verdicts(trial) == EXPECTED
    assert await listed(office) == [] == await rows(office, "SELECT 1 FROM outbox")
    assert verdicts(await imported(office, SHEET)) == verdicts(trial)
    school = next(site for site in await listed(office) if site["type"] == "school")
    assert (school["name_ky"], school["capacity"], school["state"], school["needs"]) == (
        "№ 5 мектеп",
        250,
        "full",
        ["water", "beds"],
    )
    assert (school["lat"], school["lon"], school["has_person_in_charge"]) == (39.94, 71.62, True)
    assert len(await rows(office, "SELECT 1 FROM outbox")) == len(await listed(office)) == 2


async def test_the_same_sheet_again_adds_and_changes_nothing(office: Office) -> None:
    await imported(office, SHEET)
    again = verdicts(await imported(office, SHEET))
    assert [verdict for _, verdict, _ in again] == ["known", "known", "refused", "known", "refused", "refused"]
    assert [site["version"] for site in await listed(office)] == [1, 1]


async def test_what_the_desk_changed_stays_and_the_difference_is_named(office: Office) -> None:
    await saved(office, pcode=KADAMJAI, capacity=400, state="closed", needs=[])
    answer = await imported(office, SHEET)
    assert verdicts(answer)[0] == (2, "differs", ["state", "capacity", "needs"])
    site = next(site for site in await listed(office) if site["type"] == "school")
    assert (site["version"], site["capacity"], site["state"]) == (1, 400, "closed")


async def test_a_sheet_has_the_codes_of_settlements(office: Office, import_gazetteer: Callable[[], None]) -> None:
    import_gazetteer()
    header = "name_ru,type,Район,Село,Код села"
    kept, wrong = f"Школа,school,{KADAMJAI},Choko-Dobo", f"Мечеть,mosque,{KADAMJAI},Тобей,KG05214000010"
    first = await imported(office, f"{header}\n{kept},{gazetteers.DOBO}\n{wrong}\n")
    assert verdicts(first) == [(2, "added", []), (3, "refused", ["locality_pcode"])]
    assert verdicts(await imported(office, f"{header}\n{kept.replace('Choko-Dobo', 'Чоко-Добо')},\n")) == [
        (2, "known", [])
    ]
    [site] = await listed(office)
    assert site["locality_pcode"] == gazetteers.DOBO


async def test_no_reason_quotes_a_value(office: Office) -> None:
    reasons = str([row["errors"] for row in (await imported(office, SHEET)).json()["rows"]])
    assert "water" in reasons and not any(value in reasons for value in ("Бурул", "123456", "bread", "95"))


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "cp1251"), ("\t", "utf-8-sig")])
def test_sheets_of_a_russian_excel_are_read(delimiter: str, encoding: str) -> None:
    sheet = SHEET.replace('"water, beds"', "water").replace(",", delimiter).replace("ө", "о")
    names = [row.site.name_ru for row in read(sheet.encode(encoding)).rows if row.site]
    assert names == ["Школа № 5", None, "ШКОЛА №5", "Лагерь"]


def test_a_decimal_comma_is_read() -> None:
    [row] = read(f"name_ru;type;pcode;lat;lon\nШкола;school;{KADAMJAI};39,94;71,62\n".encode()).rows
    assert row.site is not None and (row.site.lat, row.site.lon) == (39.94, 71.62)


def test_a_long_cell_refuses_its_row_only() -> None:
    long, other = read(f"name_ru,type,pcode\n{'x' * 200_000},school,{KADAMJAI}\na,school,{KADAMJAI}\n".encode()).rows
    assert ("name_ru", "the text is too long") in long.errors and other.site is not None


@pytest.mark.parametrize(
    "sheet",
    [
        "",
        "number,colour\n1,red\n",
        f"{HEADER}\n",
        "name_ru,type,pcode\n" + f"a,school,{KADAMJAI}\n" * 10_001,
    ],
)
def test_a_file_that_is_no_sheet_of_sites_is_refused(sheet: str) -> None:
    with pytest.raises(BadSheet):
        read(sheet.encode())


def test_a_row_with_too_many_cells_is_refused_alone() -> None:
    sheet = f"name_ru,type,pcode\nA,school,{KADAMJAI},extra\nB,school,{KADAMJAI},\n"
    assert [bool(row.site) for row in read(sheet.encode()).rows] == [False, True]


async def test_a_file_larger_than_a_request_and_a_bad_sheet_are_answered(office: Office) -> None:
    assert (await imported(office, b"x" * 70_000)).status_code == 413
    answer = await imported(office, "name,kind\n")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:dayar:problem:bad-sheet")


def rayon_list() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Перечень эвакопунктов"],
        [
            "№",
            "Наименование объекта",
            "Тип",
            "Район",
            "Вместимость",
            "Потребности",
            "Ответственный",
            "Балансодержатель",
        ],
        [1, "Школа № 7", "Школа", "Кадамжайский район, с. Пульгон", 250, "вода; отопление", "Бурул Асанова", "Пульгон"],
        [2, "=1+1", "Замок", "Атлантида", "много", None, None, None],
    ):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


async def test_a_rayons_workbook_is_read_by_its_labels_and_words(office: Office) -> None:
    answer = await imported(office, rayon_list())
    assert verdicts(answer) == [(3, "added", []), (4, "refused", ["name_ru", "type", "pcode", "capacity"])]
    assert [column["column"] for column in answer.json()["columns"]] == [
        "skipped",
        "name_ru",
        "type",
        "pcode",
        "capacity",
        "needs",
        "person_in_charge",
        "skipped",
    ]
    [site] = await listed(office)
    place = site["type"], site["pcode"], site["locality"], site["capacity"], site["needs"]
    assert place == ("school", KADAMJAI, "с. Пульгон", 250, ["water", "heating"])


async def test_a_person_can_say_what_the_columns_have(office: Office) -> None:
    chosen = "skipped,name_ky,type,pcode,skipped,skipped,skipped,locality"
    answer = await imported(office, rayon_list(), columns=chosen)
    assert verdicts(answer)[0] == (3, "added", [])
    [site] = await listed(office)
    assert (site["name_ky"], site["locality"], site["capacity"]) == ("Школа № 7", "Пульгон", None)
    assert (await imported(office, rayon_list(), columns="colour")).status_code == 422


async def test_refused_rows_come_back_with_reasons(office: Office) -> None:
    answer = await imported(office, rayon_list(), path="/v1/sites:refused?lang=ru")
    [header, row] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    assert (header[1], header[-1]) == ("Наименование объекта", "Почему не принято")
    assert row[2] == "Замок" and "Район: нужен район или город вашей территории" in str(row[-1])
    assert await listed(office) == []


def workbook_of(*sheets: list[list[Any]], merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, lines in enumerate(sheets):
        sheet = book.create_sheet(f"Лист {number + 1}")
        for line in lines:
            sheet.append(line)
        if merged:
            sheet.merge_cells(merged)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


MERGED_SHEET: list[list[Any]] = [
    ["name_ru", "type", "pcode", "capacity"],
    ["Школа", "школа", KADAMJAI, 250],
    ["Мечеть", "мечеть"],
]


async def test_a_capacity_that_two_sites_share_is_refused_and_a_district_is_not(office: Office) -> None:
    of_district, of_capacity = workbook_of(MERGED_SHEET, merged="C2:C3"), workbook_of(MERGED_SHEET, merged="D2:D3")
    assert verdicts(await imported(office, of_district)) == [(2, "added", []), (3, "added", [])]
    shared = await imported(office, of_capacity, dry_run=True)
    assert verdicts(shared) == [(2, "refused", ["capacity"]), (3, "refused", ["capacity", "pcode"])]
    answer = await imported(office, of_capacity, path="/v1/sites:refused?lang=ru")
    [_, row, _] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    assert str(row[-1]).startswith("capacity: объединённая ячейка: каждому месту размещения")


async def test_the_sheets_that_are_not_read_are_named(office: Office) -> None:
    answer = await imported(office, workbook_of(MERGED_SHEET[:2], MERGED_SHEET[:2], []))
    assert verdicts(answer) == [(2, "added", [])]
    assert answer.json()["unread_sheets"] == ["Лист 2"]


async def test_the_reason_names_a_formula_and_not_a_missing_name(office: Office) -> None:
    answer = await imported(office, rayon_list(), path="/v1/sites:refused?lang=en")
    [_, row] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    assert "the result of the formula is not in the file" in str(row[-1])
