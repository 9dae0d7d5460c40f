"""Reading a sheet of an XLSX or CSV file loses nothing. A hostile file costs little time and memory."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from shared.sheets import layouts, refused
from shared.sheets.header import Header, is_numbering, labels, rows_below
from shared.sheets.reading import read
from shared.sheets.sheet import CELL_LETTERS, COLUMNS, LETTERS, LINES, CellFault, FileFault, SheetLine, UnreadableFile


def workbook(fill: Callable[[Worksheet], Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    fill(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rewritten(raw: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return buffer.getvalue()


def fault_of(raw: bytes) -> FileFault:
    with pytest.raises(UnreadableFile) as caught:
        read(raw)
    return caught.value.fault


def test_cells_become_texts_and_empty_lines_keep_their_numbers() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append([" ФИО ", 5, 5.0, 2.5, None, date(2026, 11, 20), datetime(2026, 11, 20, 14, 30), True])  # noqa: DTZ001 - Excel has no zones
        sheet["A4"] = 20000000000017

    [sheet] = read(workbook(fill))
    texts = ("ФИО", "5", "5", "2.5", "", "2026-11-20", "2026-11-20 14:30", "True")
    assert [(line.number, line.cells) for line in sheet.lines] == [(1, texts), (4, ("20000000000017",))]


def test_a_formula_has_its_stored_result_or_is_named_as_unusable() -> None:
    raw = workbook(lambda sheet: sheet.append(["=1+1", "=A1/0", "=2+2", "x" * (CELL_LETTERS + 1)]))
    stored = b'<c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="e"><f>A1/0</f><v>#DIV/0!</v></c>'
    before = b'<c r="A1"><f>1+1</f><v /></c><c r="B1"><f>A1/0</f><v /></c>'
    changed = rewritten(raw, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(before, stored))
    [line] = read(changed)[0].lines
    assert line.cells[0] == "2"
    assert line.faults == {1: CellFault.ERROR, 2: CellFault.FORMULA, 3: CellFault.TOO_LONG}


def test_a_cell_merged_over_several_lines_counts_in_each_of_them() -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["Заголовок", None, None], ["Пульгон", 1, "a"], [None, 2, "b"], [None, 3, None]):
            sheet.append(row)
        for cells in ("A1:C1", "A2:A4", "C3:C4"):
            sheet.merge_cells(cells)

    lines = read(workbook(fill))[0].lines
    assert [line.cells for line in lines] == [
        ("Заголовок",),
        ("Пульгон", "1", "a"),
        ("Пульгон", "2", "b"),
        ("Пульгон", "3", "b"),
    ]
    assert [line.merged for line in lines] == [frozenset(), {0}, {0, 2}, {0, 2}]


def test_lines_beyond_the_size_that_the_file_states_are_read() -> None:
    def fill(sheet: Worksheet) -> None:
        for number in range(5):
            sheet.append([number])

    raw = workbook(fill)
    wrong = rewritten(raw, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:A5"', b'ref="A1:A2"'))
    assert wrong != raw
    assert len(read(wrong)[0].lines) == 5


def test_hidden_and_empty_sheets_are_left_out() -> None:
    book = openpyxl.Workbook()
    for name in ("Лист 2", "скрытый"):
        book.create_sheet(name).append([1])
    book["скрытый"].sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    assert [sheet.name for sheet in read(buffer.getvalue())] == ["Лист 2"]


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "cp1251"), ("\t", "utf-16"), (",", "utf-8-sig")], ids=["cp1251", "utf16", "utf8"]
)
def test_the_text_formats_of_excel_are_read(delimiter: str, encoding: str) -> None:
    text = (
        delimiter.join(("ФИО", "Адрес", "Человек"))
        + "\r\n\r\n"
        + delimiter.join(('"Асанов\nБакыт"', " с. Пульгон", "5"))
    )
    lines = read(text.encode(encoding))[0].lines
    assert [(line.number, line.cells) for line in lines] == [
        (1, ("ФИО", "Адрес", "Человек")),
        (3, ("Асанов\nБакыт", "с. Пульгон", "5")),
    ]


def test_the_delimiter_is_found_below_a_title_with_other_delimiters() -> None:
    [sheet] = read(
        "Список семей, прибывших из Баткена, на 20.11\nФИО;Адрес;Дата\nАсанов;Кадамжай, Пульгон, 5;1\n".encode()
    )
    assert [line.cells for line in sheet.lines][1:] == [
        ("ФИО", "Адрес", "Дата"),
        ("Асанов", "Кадамжай, Пульгон, 5", "1"),
    ]


def test_lines_in_a_cell_with_one_quotation_mark_are_not_lost_silently() -> None:
    row = "Асанов;5;Кадамжай;{};Лейлек\n"
    for end in ("", row.format('"нет"')):
        text = "ФИО;Человек;Откуда;Примечание;Куда\n" + row.format('"две коровы') + row.format("нет") + end
        assert read(text.encode())[0].lines[1].faults == {3: CellFault.QUOTE}
    address = read('ФИО,Адрес,Человек\nАсанов,"Кадамжай,\nПульгон",5\n'.encode())[0].lines[1]
    assert not address.faults and address.cells[2] == "5"
    assert read(b'a;b\n"' + b"c;d\n" * 200_000)[0].lines[1].faults == {0: CellFault.QUOTE}


def test_letters_that_cp1251_does_not_have_are_named_as_lost() -> None:
    text = "ФИО;Примечание\nМаматова Айг?л;когда?\n?м?рбек;\n"
    assert [line.faults for line in read(text.encode("cp1251"))[0].lines[1:]] == [{0: CellFault.LETTERS}] * 2
    assert not read(text.encode())[0].lines[1].faults


def test_files_that_are_no_sheets_are_named() -> None:
    book = workbook(lambda sheet: sheet.append(["a"]))
    bomb = rewritten(book, "xl/styles.xml", lambda _: b" " * (layouts.UNPACKED_BYTES + 1))
    assert len(bomb) < 100_000
    evil = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]><worksheet/>'
    cells = b"<worksheet><sheetData><row>" + b"<c/>" * layouts.ELEMENTS + b"</row></sheetData></worksheet>"
    faults = {
        "text": fault_of(b"\x00\x01binary"),
        "xls": fault_of(b"\xd0\xcf\x11\xe0" + b"\x00" * 500),
        "cut": fault_of(book[: len(book) // 2]),
        "no workbook": fault_of(b"PK\x03\x04" + b"x" * 50),
        "empty": fault_of(b" \n"),
        "bomb": fault_of(bomb),
        "doctype": fault_of(rewritten(book, "xl/worksheets/sheet1.xml", lambda _: evil)),
        "elements": fault_of(rewritten(book, "xl/worksheets/sheet1.xml", lambda _: cells)),
        "lines": fault_of(b"a\n" * (LINES + 1)),
        "columns": fault_of(b"a," * COLUMNS + b"a"),
    }
    assert faults == {
        "text": FileFault.NO_SHEET,
        "xls": FileFault.LOCKED,
        "cut": FileFault.NO_SHEET,
        "no workbook": FileFault.NO_SHEET,
        "empty": FileFault.EMPTY,
        "bomb": FileFault.TOO_LARGE,
        "doctype": FileFault.NO_SHEET,
        "elements": FileFault.TOO_LARGE,
        "lines": FileFault.TOO_LARGE,
        "columns": FileFault.TOO_LARGE,
    }


def test_a_merged_cell_over_the_whole_sheet_costs_nothing() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "a"
        sheet["A3"] = "b"

    merged = b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    raw = rewritten(workbook(fill), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</worksheet>", merged))
    assert [(line.number, line.cells) for line in read(raw)[0].lines] == [(1, ("a",)), (3, ("a",))]


def test_cells_far_away_cost_nothing_and_lose_nothing() -> None:
    raw = workbook(lambda sheet: sheet.append(["a"]))
    for far, fault in (
        (b'<row r="1048576"><c r="XFD1048576" s="0"/></row>', None),
        (b'<row r="9"><c r="XFD9"><v>1</v></c></row>', FileFault.TOO_LARGE),
        (b'<row r="9"><c r="XFD9"><f>A1</f></c></row>', FileFault.TOO_LARGE),
        (b'<row r="9"><c r="XFD9" t="inlineStr"><is><t>x</t></is></c></row>', FileFault.TOO_LARGE),
    ):
        end = far + b"</sheetData>"
        wide = rewritten(raw, "xl/worksheets/sheet1.xml", lambda xml, end=end: xml.replace(b"</sheetData>", end))  # type: ignore[misc]
        assert fault_or_none(wide) == fault
    unplaced = b'<row><c><v>1</v></c><c t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    changed = rewritten(raw, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", unplaced))
    assert [line.cells for line in read(changed)[0].lines] == [("a",), ("1", "x")]


def test_far_values_and_shared_long_texts_are_too_large() -> None:
    text = f'<c t="inlineStr"><is><t>{"a " * CELL_LETTERS}</t></is></c>'
    lines = {
        "far line": f'<row r="{layouts.LINE_NUMBERS + 1}"><c><v>1</v></c></row>',
        "far formula": f'<row r="{layouts.LINE_NUMBERS + 1}"><c><f>1</f></c></row>',
        "long texts": f"<row>{text * COLUMNS}</row>" * (LETTERS // CELL_LETTERS // COLUMNS + 1),
    }
    raw = workbook(lambda sheet: sheet.append(["a"]))
    for rows in lines.values():
        end = f"{rows}</sheetData>".encode()
        changed = rewritten(raw, "xl/worksheets/sheet1.xml", lambda xml, end=end: xml.replace(b"</sheetData>", end))  # type: ignore[misc]
        assert fault_of(changed) is FileFault.TOO_LARGE


def test_a_long_text_with_spaces_is_too_long() -> None:
    [line] = read(b"a;" + b" " * CELL_LETTERS + b"b;c")[0].lines
    assert line.faults == {1: CellFault.TOO_LONG}


def test_a_sheet_in_a_part_with_another_name_is_examined() -> None:
    raw, changed = workbook(lambda sheet: sheet.append(["=1+1"])), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("sheet1.xml", "sheet1.bin"), old.read(name).replace(b"sheet1.xml", b"sheet1.bin"))
    assert read(changed.getvalue())[0].lines[0].faults == {0: CellFault.FORMULA}


def test_many_long_merged_cells_are_too_large() -> None:
    ranges = b"".join(b'<mergeCell ref="A%d:A%d"/>' % (n * 3_000 + 1, n * 3_000 + 3_000) for n in range(300))
    merged = b"<mergeCells>" + ranges + b"</mergeCells></worksheet>"
    raw = workbook(lambda sheet: sheet.append(["a"]))
    raw = rewritten(raw, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</worksheet>", merged))
    assert fault_or_none(raw) == FileFault.TOO_LARGE


def test_real_workbooks_are_read(real_data: Path) -> None:
    """Many programs wrote these workbooks. openpyxl warns about some of them."""
    [merged] = read((real_data / "displacement/hxl/input-merged.xlsx").read_bytes())
    assert any(line.merged for line in merged.lines)
    files = [real_data / "forms/hope-flex_init.xlsx", *(real_data / "forms/ona").glob("main-*.xlsx")]
    assert len(files) > 10
    unread = {file.name: fault for file in files if (fault := fault_or_none(file.read_bytes()))}
    assert unread == {}


def fault_or_none(raw: bytes) -> FileFault | None:
    try:
        return None if read(raw) else FileFault.EMPTY
    except UnreadableFile as error:
        return error.fault


def test_labels_of_two_lines_are_joined_and_a_line_of_numbers_is_no_data() -> None:
    text = "№;ФИО;Состав семьи;;;Телефон\n;;всего;мужчин;женщин;\n1;2;3;4;5;6\n1;Асанов;5;2;3;\n"
    [sheet] = read(text.encode())
    header = Header(1, 2)
    assert labels(sheet, header) == (
        "№",
        "ФИО",
        "Состав семьи всего",
        "Состав семьи мужчин",
        "Состав семьи женщин",
        "Телефон",
    )
    assert [line.number for line in rows_below(sheet, header)] == [4]
    assert not is_numbering(SheetLine(4, ("1", "2", "4")))


def test_a_column_that_has_only_formulas_without_results_is_a_column() -> None:
    [sheet] = read(workbook(lambda sheet: sheet.append(["a", "=1+1"])))
    assert (sheet.width, sheet.lines[0].faults) == (2, {1: CellFault.FORMULA})


def test_no_cell_of_a_returned_sheet_is_a_formula() -> None:
    texts = ("=HYPERLINK(1)", "+996 555 010203", "-1", "@SUM(1)", "\tx\x07")
    raw = refused.written([*"abcde", "Reasons"], [(texts, "=reason"), (("short",), "r")])
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    assert isinstance(sheet, Worksheet)
    _, first, second = sheet.iter_rows()
    assert [cell.value for cell in first] == ["=HYPERLINK(1)", "+996 555 010203", "-1", "@SUM(1)", "\tx", "=reason"]
    assert {cell.data_type for cell in first} == {"s"} and all(cell.quotePrefix for cell in first)
    assert [cell.value or "" for cell in second] == ["short", "", "", "", "", "r"]
