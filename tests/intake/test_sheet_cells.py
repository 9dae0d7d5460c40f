"""Intake understands labels, places, days and telephones as people write them into the cells of a list."""

from datetime import date

import pytest

from services.intake.sheets import phones
from services.intake.sheets.days import day_of
from services.intake.sheets.labels import guess
from shared.places import Places
from shared.sheets.codes import HouseholdColumn
from shared.sheets.place_names import Namesakes, PlaceNames
from tests.intake.test_sheets import KADAMJAI, ROW, row

C = HouseholdColumn


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


def test_the_number_of_a_house_is_not_taken_for_a_telephone() -> None:
    first = {
        "дом 12345 0555123456": "0555123456",
        "12345 0555123456": "0555123456",
        "кв. 5 5-52-31": "5-52-31",
        "1234 +996555010203": "+996555010203",
        "+7 916 123 45 67": "+7 916 123 45 67",
        "дом 12345": None,
    }
    assert {text: phones.first_of(text) for text in first} == first
    alone = {text: phones.is_one(text) for text in ("12345 0555123456", "5-52-31", "+996 555 010203")}
    assert alone == {"12345 0555123456": False, "5-52-31": True, "+996 555 010203": True}
