"""A list may have one row per person. A household's rows become one report, or are refused together."""

import io

import openpyxl

from services.intake.sheet_routes import workbook
from services.intake.sheets.choices import ChosenSheet, SheetChoices
from services.intake.sheets.imports import CheckedFile
from services.intake.sheets.labels import guess
from services.intake.sheets.sheet_households import SheetHousehold
from shared.sheets.codes import HouseholdColumn, RowFault
from shared.sheets.reading import read
from tests.intake.test_sheets import rows

C, F = HouseholdColumn, RowFault
HEADER = "№ семьи;ФИО;Степень родства;Пол;Дата рождения;Откуда;Куда;Дата;Телефон;Примечание"
WIFE = "1;Асанова Айгүл;жена;ж;1990;;;;;"
HEAD = ";Асанов Бакыт;глава семьи;м;1988;Кадамжай;Лейлек;20.11.2026;0555 010203;корова"
SON = ";Асанов Азамат;сын;м;05.05.2015;;Россия;;0777 040506;хромает"
OTHER = "2;Маматов Нурлан;;м;1970;Кадамжай;Лейлек;20.11.2026;;"


def made(*lines: str, header: str = HEADER) -> list[SheetHousehold]:
    return rows("\n".join((header, *lines)))


def faults(*lines: str, header: str = HEADER) -> dict[int, list[tuple[int | None, RowFault]]]:
    return {
        row.line.number: [(error.column, error.reason) for error in row.errors]
        for household in made(*lines, header=header)
        for row in household.rows
    }


def test_the_rows_of_a_household_become_one_report_with_its_members() -> None:
    first, second, total = made(WIFE, HEAD, SON, OTHER, "Итого;4")
    assert first.report is not None and second.report is not None, (first, second)
    assert [(member.given_name, member.relationship, member.sex) for member in first.report.members] == [
        ("Бакыт", "head", "male"),
        ("Айгүл", "spouse", "female"),
        ("Азамат", "child", "male"),
    ]
    assert (first.line.number, [row.line.number for row in first.others]) == (3, [2, 4])
    assert (first.report.persons, first.report.phone, first.report.members[2].phone) == (
        3,
        "0555 010203",
        "0777 040506",
    )
    assert first.report.notes == "Примечание: корова\nАсанов Азамат: Куда: Россия\nАсанов Азамат: Примечание: хромает"
    assert (second.report.persons, second.report.members[0].birth_year) == (1, 1970)
    assert [error.reason for error in total.errors] == [F.TOTAL]


def test_a_household_has_the_same_ids_with_another_number_and_order_of_rows() -> None:
    [first] = made(WIFE, HEAD, SON)
    [again] = made(f"7{HEAD}", SON, WIFE.replace("1;", "7;"))
    assert first.report is not None and again.report is not None
    assert first.report.report_id == again.report.report_id
    [without] = made(WIFE, HEAD)
    assert without.report is not None and without.report.report_id != first.report.report_id


def test_a_wrong_cell_of_a_person_refuses_all_rows_of_the_household() -> None:
    wrong = SON.replace("05.05.2015", "31.02.2015")
    assert faults(WIFE, HEAD, wrong, OTHER) == {
        2: [(None, F.HOUSEHOLD)],
        3: [(None, F.HOUSEHOLD)],
        4: [(4, F.BIRTH)],
        5: [],
    }
    content = f"{HEADER}\n{WIFE}\n{HEAD}\n{wrong}\n{OTHER}".encode()
    chosen = ChosenSheet(read(content)[0], SheetChoices())
    returned = workbook(CheckedFile(("",), chosen, tuple(made(WIFE, HEAD, wrong, OTHER))), {}, "en")
    _, *refused = openpyxl.load_workbook(io.BytesIO(returned)).worksheets[0].iter_rows(values_only=True)
    assert [row[1] for row in refused] == ["Асанова Айгүл", "Асанов Бакыт", "Асанов Азамат"]


def test_each_person_with_a_wrong_cell_has_the_reason() -> None:
    header = f"{HEADER};ПИН"
    assert faults(f"1{HEAD};12", f"{SON};34", f"{WIFE};20000000000017", header=header) == {
        2: [(10, F.PERSONAL_NUMBER)],
        3: [(10, F.PERSONAL_NUMBER)],
        4: [(None, F.HOUSEHOLD)],
    }


def test_rows_that_may_belong_to_another_household_are_refused() -> None:
    everywhere = "Кадамжай;Лейлек;20.11.2026;;"
    assert faults(f"1{HEAD}", OTHER, f"1;Токтосунов Эрлан;;м;1980;{everywhere}") == {
        2: [(None, F.SPLIT)],
        3: [],
        4: [(None, F.SPLIT)],
    }
    assert faults(f"1{HEAD}", HEAD.replace("Бакыт", "Эрлан")) == {2: [(None, F.HEADS)], 3: [(None, F.HEADS)]}
    assert faults(HEAD) == {2: [(None, F.NO_NUMBER)]}
    assert faults(f"1{HEAD}", SON, SON)[4] == [(None, F.REPEATED)]
    assert faults(f"1{HEAD}", ";село Пульгон")[3] == [(None, F.PERSON)]


def test_without_numbers_each_head_begins_a_household() -> None:
    header, head, wife = HEADER.removeprefix("№ семьи;"), HEAD.removeprefix(";"), WIFE.removeprefix("1;")
    first, second = made(head, wife, head.replace("Бакыт", "Эрлан"), header=header)
    assert first.report is not None and second.report is not None
    assert (first.report.persons, second.report.persons) == (2, 1)
    assert faults(wife, head, header=header) == {2: [(None, F.NO_HEAD)], 3: []}
    assert made(header=header) == []


def test_the_number_of_persons_counts_persons_without_a_row() -> None:
    header = f"{HEADER};Всего человек"
    [more] = made(f"1{HEAD};5", f"{SON};", header=header)
    assert more.report is not None and [member.sex for member in more.report.members][1:] == ["male", *["unknown"] * 3]
    assert faults(f"1{HEAD};5", f"{SON};4", header=header) == {2: [(None, F.HOUSEHOLD)], 3: [(10, F.OTHER_COUNT)]}
    assert faults(f"1{HEAD};1", f"{SON};", header=header) == {2: [(10, F.LISTED)], 3: [(None, F.HOUSEHOLD)]}


def test_columns_of_lists_of_persons_are_understood() -> None:
    numbers = ("№ семьи", "Номер домохозяйства", "household_id", "Үй-бүлөнүн номери", "Түтүн №")
    assert {guess(label) for label in numbers} == {C.HOUSEHOLD}
    kinships = ("Степень родства", "relationship_i_c", "Тууганчылыгы", "Кем приходится главе семьи")
    assert {guess(label) for label in kinships} == {C.RELATIONSHIP}
