"""Rows of a rayon's list become household reports. A refused row gets a reason for each wrong cell."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.sheets.choices import ChosenSheet, SheetChoices
from services.intake.sheets.households import HouseholdReader
from services.intake.sheets.imports import SentBefore, judged
from services.intake.sheets.names import SheetNames
from services.intake.sheets.sheet_households import SheetHousehold
from shared.events import HouseholdReport
from shared.events.vocabulary import Status
from shared.pages.terms import TERMS
from shared.places import Places
from shared.sheets.codes import HouseholdColumn, RowFault, SheetRowVerdict
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


@pytest.mark.parametrize("code", ["TJ05258000000", "KG0525800000", "kg"])
def test_a_chosen_place_has_a_code_that_reports_accept(code: str) -> None:
    for side in ("origin", "destination"):
        with pytest.raises(ValidationError):
            SheetChoices.of({side: code})


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


def test_every_code_has_words() -> None:
    for kind, codes in (("household_column", C), ("row_fault", F), ("row_verdict", SheetRowVerdict)):
        assert TERMS[kind].keys() == set(codes)
