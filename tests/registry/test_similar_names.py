"""Two typed names may be so similar that the desk is asked about them. Tests which names are."""

from itertools import combinations

import pytest

from services.registry.places.similar_names import nearly_equal
from shared.places import Places


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Чоко-Добо", "Чокодобо"),
        ("Чоко-Добо", "Choko-Döbö"),
        ("Чоко-Дөбө", "Choko Dobo"),
        ("Чоко-Добо", "Чоко-Дабо"),
        ("Тобей", "Тобой"),
        ("Комсомол", "Камсамол"),
        ("Мектеп № 3", "№3 мектеп"),
    ],
)
def test_names_in_another_script_or_with_a_wrong_letter_are_nearly_equal(name: str, other: str) -> None:
    assert nearly_equal([name, other]) == {name: {other}, other: {name}}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Мектеп № 3", "Мектеп № 5"),
        ("Ак-Суу", "Ак-Суу 2"),
        ("Ак-Суу", "Ак-Сай"),
        ("Жар", "Жер"),
        ("Тобей", "Табай"),
        ("Жогорку Тобей", "Төмөнкү Тобей"),
        ("Комсомол", "Тобей"),
        ("—", "!"),
    ],
)
def test_other_numbers_other_words_and_short_names_are_different(name: str, other: str) -> None:
    assert nearly_equal([name, other]) == {}


def test_the_limits_find_spellings_and_few_other_names() -> None:
    """For every unit, the Kyrgyz name and the English name are nearly equal.

    Of all pairs of different units, only one pair has nearly equal names.
    """
    units = Places.load().units()
    assert all(unit.names["en"] in nearly_equal([*unit.names.values()])[unit.names["ky"]] for unit in units)
    names = {unit.names["en"]: unit.pcode for unit in units}
    found = nearly_equal(names)
    pairs = {pair for pair in combinations(sorted(names), 2) if pair[1] in found.get(pair[0], ())}
    assert pairs == {("Kara-Kul", "Karakol")}
