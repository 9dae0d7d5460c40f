"""The rows of a workbook and the rows of a CSV file become the same reports.

Merged cells and formulas may make a row invalid.
"""

import io
from datetime import date

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from services.intake.sheet_routes import workbook
from services.intake.sheets.choices import ChosenSheet, SheetChoices
from services.intake.sheets.imports import CheckedFile
from shared.sheets.codes import RowFault
from shared.sheets.reading import read
from tests.intake.test_sheets import BATKEN, HEADER, KADAMJAI, ROW, faults, report, rows

F = RowFault


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
    returned = workbook(CheckedFile(("",), chosen, (made,)), {}, "en")
    [_, row] = openpyxl.load_workbook(io.BytesIO(returned)).worksheets[0].iter_rows(values_only=True)
    assert str(row[-1]).startswith("D: the result of the formula is not in the file")
