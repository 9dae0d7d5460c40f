"""Rows of a rayon's list become household reports, or are refused with a reason for each wrong cell."""

import io
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from services.intake.sheet_routes import workbook
from services.intake.sheets.choices import ChosenSheet, SheetChoices
from services.intake.sheets.days import day_of
from services.intake.sheets.households import HouseholdReader, SheetHousehold
from services.intake.sheets.imports import CheckedFile, SentBefore, judged
from services.intake.sheets.labels import guess
from services.intake.sheets.names import SheetNames
from shared.events import HouseholdReport
from shared.events.vocabulary import Status
from shared.pages.terms import TERMS
from shared.places import Places
from shared.sheets.codes import HouseholdColumn, RowFault, SheetRowVerdict
from shared.sheets.place_names import Namesakes, PlaceNames
from shared.sheets.reading import read

KADAMJAI, BATKEN, BATKEN_CITY = "KG05258000000", "KG05214000000", "KG05410000010"
NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
NAMES = SheetNames(Places.load())
HEADER = "№;ФИО главы семьи;Кол-во человек;Откуда;Куда;Дата;Телефон;ИНН;Примечание"
ROW = "1;Асанов Бакыт Токтогулович;5;Кадамжайский район;г. Баткен;20.11.2026;+996 555 010203;20000000000017;корова"
C, F = HouseholdColumn, RowFault


def rows(text: str | bytes, *, keys: tuple[bytes, ...] = (b"k" * 32,), **choices: Any) -> list[SheetHousehold]:
    sheet = read(text if isinstance(text, bytes) else text.encode())[0]
    reader = HouseholdReader(NAMES, keys, Status.ACTUAL, NOW)
    return list(reader.rows(ChosenSheet(sheet, SheetChoices(**choices))))


def row(line: str, header: str = HEADER, **choices: Any) -> SheetHousehold:
    [made] = rows(f"{header}\n{line}\n", **choices)
    return made


def report(line: str, header: str = HEADER, **choices: Any) -> HouseholdReport:
    made = row(line, header, **choices)
    assert made.report is not None, made.errors
    return made.report


def faults(made: SheetHousehold) -> list[tuple[int | None, RowFault]]:
    assert made.report is None
    return [(error.column, error.reason) for error in made.errors]


def test_a_row_becomes_a_report_with_all_that_it_says() -> None:
    made = report(ROW)
    assert (made.persons, made.origin.pcode, made.destination.pcode) == (5, KADAMJAI, BATKEN_CITY)
    assert (made.occurred_at, made.reported_at) == (datetime(2026, 11, 20, 6, tzinfo=UTC), NOW)
    assert (made.phone, made.notes) == ("+996 555 010203", "Примечание: корова")
    head, *others = made.members
    assert (head.family_name, head.given_name, head.patronymic) == ("Асанов", "Бакыт", "Токтогулович")
    assert (head.relationship, head.personal_number, len(others)) == ("head", "20000000000017", 4)


def test_every_wrong_cell_of_a_row_has_its_reason() -> None:
    wrong = row("1;Асанов;много;Атлантида;Нарын;31.02.2026;позже;123;")
    assert faults(wrong) == [
        (5, F.DAY),
        (6, F.PHONE),
        (2, F.NUMBER),
        (3, F.PLACE),
        (4, F.NAMESAKES),
        (7, F.PERSONAL_NUMBER),
    ]
    empty = row(";;;;;;;;без имени")
    missing = [(5, F.MISSING), (2, F.MISSING), (None, F.ANONYMOUS), (3, F.MISSING), (4, F.MISSING)]
    assert faults(empty) == missing
    assert faults(row(ROW.replace("20.11.2026", "28.11.2026"))) == [(5, F.FUTURE)]
    assert faults(row("Итого;;5;;;;;;")) == faults(row("7;Всего:;5;;;;;;")) == [(None, F.TOTAL)]
    assert row(ROW.replace("корова", "всего три коровы")).report is not None
    assert faults(row(ROW.replace(";5;", ";0;"))) == faults(row(ROW.replace(";5;", ";61;"))) == [(2, F.NUMBER)]
    assert faults(row(ROW.replace("корова", "а" * 3_995))) == [(None, F.NOTES)]


def test_a_missing_column_is_named_unless_the_page_has_a_value_for_all_rows() -> None:
    header = "ФИО;Телефон;Всего человек;Село"
    [*errors] = row("Асанов;;5;Пульгон", header).errors
    assert [(error.missing, error.reason) for error in errors] == [
        (C.OCCURRED_ON, F.MISSING),
        (C.ORIGIN, F.MISSING),
        (C.DESTINATION, F.MISSING),
    ]
    everywhere = {"origin": KADAMJAI, "destination": "ZZ", "occurred_on": date(2026, 11, 20), "hazard": "mudflow"}
    made = report("Асанов;;5;Пульгон", header, **everywhere, mobility="evacuation", reason="natural_disaster")
    assert (made.origin.pcode, made.destination.country, made.hazard_type) == (KADAMJAI, "ZZ", "mudflow")
    place = made.origin_locality, made.mobility, made.reasons
    assert place == ("Пульгон", "evacuation", ("natural_disaster",))


def test_men_and_women_give_the_persons_and_their_sex() -> None:
    header = "ФИО;Пол;Мужчин;Женщин;Всего человек;Откуда;Куда;Дата"
    made = report("Асанова Айгүл;ж;2;3;;Кадамжай;Лейлек;20.11.26", header)
    assert [member.sex for member in made.members] == ["female", "female", "female", "male", "male"]
    assert faults(row("Асанова Айгүл;ж;2;3;4;Кадамжай;Лейлек;20.11.26", header)) == [(4, F.COUNTS)]


def test_words_without_a_code_are_kept_as_notes() -> None:
    header = "ФИО;Кол-во человек;Откуда;Куда;Дата;Вид ЧС;Потребности;Жильё"
    made = row("Асанов;1;Кадамжай, с. Пульгон;Россия;2026-11-20;сель;вода, дрова;у свата", header)
    assert made.report is not None and made.kept_as_text == (7, 6)
    assert (made.report.hazard_type, made.report.shelter, made.report.needs) == ("mudflow", "other", ("water", "other"))
    assert made.report.destination.country == "RU"
    assert made.report.notes == "Жильё: у свата\nПотребности: вода, дрова"
    assert (made.report.origin_locality, made.report.destination_locality) == ("с. Пульгон", None)


def test_of_several_telephones_in_a_cell_the_first_is_taken_and_the_cell_is_kept() -> None:
    phone = "+996 555 010203"
    cells = {
        "0555 010203, 0777 040506": "0555 010203",
        "0555 010203 0777 040506": "0555 010203",
        "+996555010203/0777040506": "+996555010203",
        "тел. 5-52-31 (сосед)": "5-52-31",
    }
    for cell, first in cells.items():
        made = row(ROW.replace(phone, cell))
        assert made.report is not None and (made.report.phone, made.phone_column) == (first, 6)
        assert made.report.notes == f"Телефон: {cell}\nПримечание: корова"
    without = row(ROW.replace(phone, "нет"))
    assert without.report is not None and (without.report.phone, without.phone_column) == (None, None)


def test_an_urgent_household_is_reported_as_urgent() -> None:
    header = f"{HEADER};Срочно"
    words = {"да": True, "+": True, "Шашылыш!": True, "нет": False, "": False}
    assert {word: report(f"{ROW};{word}", header).is_urgent for word in words} == words
    made = row(f"{ROW};роды", header)
    assert made.report is not None and (made.report.is_urgent, made.kept_as_text) == (True, (9,))
    assert made.report.notes == "Срочно: роды\nПримечание: корова"


def test_two_columns_of_a_kind_and_two_names_of_a_village_lose_nothing() -> None:
    header = "ФИО;Телефон;Моб. телефон;Кол-во человек;Откуда;Село;Куда;Дата"
    line = "Асанов;0555;0777;1;Кадамжай, Тобей;Пульгон;Лейлек;20.11.2026"
    columns = ("head", "phone", "phone", "persons", "origin", "origin_locality", "destination", "occurred_on")
    made = report(line, header, columns=columns)
    assert (made.phone, made.origin_locality) == ("0555", "Пульгон")
    assert made.notes == "Откуда: Кадамжай, Тобей\nМоб. телефон: 0777"
    assert faults(row(line.replace("Пульгон", "П" * 151), header)) == [(5, F.LOCALITY)]


def test_the_same_row_has_the_same_ids_in_every_file() -> None:
    first = report(ROW)
    [_, again] = rows(f"Список;;\n{HEADER}\n9;Другой;1;Кадамжай;Лейлек;20.11.2026;0555;;\n7{ROW[1:]}\n")
    assert again.report is not None and again.report.report_id == first.report_id
    assert again.report.members == first.members
    named = ("skipped", "head", "persons", "origin", "destination", "occurred_on")
    assert report(ROW, columns=(*named, "phone", "skipped", "notes")).report_id == first.report_id
    others = [report(ROW.replace("корова", "две коровы")), report(ROW, keys=(b"l" * 32,))]
    assert len({made.report_id for made in (first, *others)}) == 3
    rotated = row(ROW, keys=(b"k" * 32, b"l" * 32))
    judgement = judged(rotated, SentBefore(own={first.report_id}))
    assert (judgement.verdict, judgement.report_id) == (SheetRowVerdict.KNOWN, first.report_id)
    judgement = judged(rotated, SentBefore(others={first.report_id}))
    assert (judgement.verdict, judgement.report_id) == (SheetRowVerdict.KNOWN_ELSEWHERE, None)


def test_a_row_is_the_same_in_a_csv_and_a_workbook_and_with_a_column_between() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for line in (HEADER, ROW.replace(" Бакыт", "  БАКЫТ")):
        sheet.append([*line.split(";")[:5], "Вес" if line == HEADER else None, *line.split(";")[5:]])
    sheet["G2"], sheet["C2"] = date(2026, 11, 20), 5
    buffer = io.BytesIO()
    book.save(buffer)
    [made] = rows(buffer.getvalue())
    assert made.report is not None and made.report.report_id == report(ROW).report_id
    turned = [";".join(reversed(line.split(";"))) for line in (ROW, HEADER)]
    assert report(*turned).report_id == report(ROW).report_id
    women, men = (report(f"{ROW};{counts}", f"{HEADER};женщин;мужчин").report_id for counts in ("3;", ";3"))
    assert women != men


def test_of_two_equal_rows_the_second_is_refused() -> None:
    first, second = rows(f"{HEADER}\n{ROW}\n2{ROW[1:]}\n")
    assert first.report is not None and faults(second) == [(None, F.REPEATED)]


def test_a_returned_sheet_is_read_again_after_its_mending() -> None:
    header = f"{HEADER};{TERMS['household_column'][C.REASONS]}"
    assert report(f"{ROW};Телефон: ...", header).report_id == report(ROW).report_id


def test_no_household_becomes_a_part_of_the_header() -> None:
    note = ROW.replace("корова", "одна женщина, инвалид")
    sex = HEADER.replace("ИНН", "Адрес")
    assert [made.line.number for made in rows(f"{sex}\n{note.replace('20000000000017', 'Пол')}\n{ROW}\n")] == [2, 3]
    assert [made.line.number for made in rows(f"{ROW}\n2{ROW[1:].replace('Асанов', 'Маматов')}\n")] == [1, 2]
    columns = ("skipped", "head", "persons", "origin", "destination", "occurred_on")
    assert rows(f"{ROW}\n", header_first=0, header_last=1, columns=columns)[0].report is not None


def test_an_official_form_with_title_merged_cells_and_formulas_is_read() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet["A1"] = "Список эвакуированных граждан на 20.11.2026"
    for cell, text in (
        ("A3", "№ п/п"),
        ("B3", "Ф.И.О."),
        ("C3", "Состав семьи"),
        ("C4", "всего чел."),
        ("D4", "мужчин"),
    ):
        sheet[cell] = text
    for cell, text in (("E4", "женщин"), ("F3", "Откуда"), ("G3", "Куда размещены"), ("H3", "Дата эвакуации")):
        sheet[cell] = text
    sheet.append([1, 2, 3, 4, 5, 6, 7, 8])
    sheet.append([1, "Асанов Бакыт", 5, 2, 3, "Кадамжайский район", "Баткенский район", date(2026, 11, 20)])
    sheet.append([2, "Токтогул уулу Азамат", "=D7+E7", 2, 1, None, None, None])
    sheet.append([3, "Маматова Айгүл", 3, 1, 2, "Лейлек", "Россия", date(2026, 11, 20)])
    sheet.append([None, "её сын", None, None, None, "Лейлек", "Россия", date(2026, 11, 20)])
    sheet.append(["Итого", None, "=SUM(C6:C8)"])
    for cells in ("A1:H1", "A3:A4", "B3:B4", "C3:E3", "F3:F4", "F6:F7", "G6:G7", "H6:H7", "C8:C9"):
        sheet.merge_cells(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    first, second, *merged, total = rows(buffer.getvalue())
    assert first.report is not None and (first.report.persons, first.report.destination.pcode) == (5, BATKEN)
    assert faults(second) == [(2, F.FORMULA)]
    assert [faults(made) for made in merged] == [[(2, F.MERGED)], [(2, F.MERGED)]]
    assert faults(total) == [(None, F.TOTAL)]


def test_a_formula_in_a_column_without_label_and_values_refuses_its_row() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["ФИО", "Всего человек"])
    sheet.append(["Асанов", 5, None, "=B2"])
    buffer = io.BytesIO()
    book.save(buffer)
    [made] = rows(buffer.getvalue(), origin=KADAMJAI, destination="ZZ", occurred_on=date(2026, 11, 20))
    assert faults(made) == [(3, F.FORMULA)]
    chosen = ChosenSheet(read(buffer.getvalue())[0], SheetChoices())
    returned = workbook(CheckedFile(("",), chosen, (made,)), "en")
    [_, row] = openpyxl.load_workbook(io.BytesIO(returned)).worksheets[0].iter_rows(values_only=True)
    assert str(row[-1]).startswith("D: the result of the formula is not in the file")


@pytest.mark.parametrize(
    ("label", "column"),
    [
        ("№ п/п", C.SKIPPED),
        ("Үй-бүлө башчысынын аты-жөнү", C.HEAD),
        ("Head of household", C.HEAD),
        ("Жеке номери (ПИН)", C.PERSONAL_NUMBER),
        ("Байланыш телефону", C.PHONE),
        ("Кол-во членов семьи", C.PERSONS),
        ("Адамдардын саны", C.PERSONS),
        ("Number of persons", C.PERSONS),
        ("в т.ч. женщин", C.FEMALE),
        ("эркектер", C.MALE),
        ("Дата рождения", C.BIRTH),
        ("Көчүп чыккан күнү", C.OCCURRED_ON),
        ("Кайда жайгашкан", C.DESTINATION),
        ("Кайдан", C.ORIGIN),
        ("Район", C.ORIGIN),
        ("Откуда прибыли", C.ORIGIN),
        ("Муктаждыктары", C.NEEDS),
        ("Себеби", C.REASON),
        ("Срочно (да/нет)", C.URGENT),
        ("Село", C.ORIGIN_LOCALITY),
        ("Место размещения", C.DESTINATION_LOCALITY),
        ("Корова", None),
        ("", None),
        ("*", None),
        ("#", C.SKIPPED),
    ],
)
def test_labels_in_three_languages_are_understood(label: str, column: HouseholdColumn | None) -> None:
    assert guess(label) == column


def test_places_are_found_by_the_names_that_people_write() -> None:
    names = PlaceNames(Places.load())
    known = {
        text: (found[0].pcode or found[0].country, found[1])
        for text in (
            "Кадамжай",
            "Баткенская обл., Кадамжайский р-н",
            "kg05258000000",
            "Ош шаары",
            "Казакстан",
            "Пүлгөн",
        )
        if (found := names.find(text))
    }
    assert known == {
        "Кадамжай": (KADAMJAI, ""),
        "Баткенская обл., Кадамжайский р-н": (KADAMJAI, ""),
        "kg05258000000": (KADAMJAI, ""),
        "Ош шаары": ("KG21000000000", ""),
        "Казакстан": ("KZ", ""),
        "Пүлгөн": (KADAMJAI, "Пүлгөн"),
    }
    assert names.find("Атлантида") is None
    for text in ("Ош", "Баткенский район, Лейлекский район", "Кадамжай, Россия"):
        with pytest.raises(Namesakes):
            names.find(text)


def test_days_are_read_as_people_and_excel_write_them() -> None:
    today = date(2026, 11, 27)
    texts = ("20.11.2026", "20/11/26", "20.11.2026 г.", "2026-11-20", "2026-11-20 14:30", "46346", "20.11.2026 08:00")
    assert {day_of(text, today) for text in texts} == {date(2026, 11, 20)}
    assert [day_of(text, today) for text in ("31.02.2026", "ноябрь", "20.11", "1")] == [None] * 4
    assert day_of("01.05.84", today) == date(1984, 5, 1)


def test_every_code_has_words() -> None:
    for kind, codes in (("household_column", C), ("row_fault", F), ("row_verdict", SheetRowVerdict)):
        assert TERMS[kind].keys() == set(codes)
