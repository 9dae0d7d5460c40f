"""All spellings of a name have the same folded form.

All ways of writing a telephone number have the same folded form.
"""

import pytest

from services.registry.search.telephones import telephones
from shared.names import is_same, name_parts


@pytest.mark.parametrize(
    "spellings",
    [
        # most rows have this order: Kyrgyz, Kyrgyz in Russian letters, and then the spellings of ICAO 9303 and
        # BGN/PCGN
        ("Айгүл", "Айгул", "Айгуль", "Aigul", "Aygül", "AYGUL"),
        ("Жылдыз", "Джылдыз", "Zhyldyz", "Jyldyz", "Dzhyldyz"),
        ("Өмүрзак", "Омурзак", "Omurzak", "Ömürzak"),
        ("Чыңгыз", "Чынгыз", "Chyngyz", "Çıngız"),
        ("Жээнбеков", "Жеенбеков", "Zheenbekov", "Jeenbekov", "Жээнбекова"),
        ("Ахматов", "Akhmatov", "Ahmatov", "Ахматова"),
        ("Токтогулов", "Токтогулова", "Toktogulova", "Toktogulov"),
        ("Алиев", "Алиева", "Aliyev", "Alieva"),
        ("Юсупов", "Yusupov", "Iusupova"),
        ("Щербаков", "Shcherbakov", "Щербакова"),
        ("Яковлев", "Yakovleva", "Iakovlev"),
        ("Бостонский", "Бостонская", "Bostonskiy", "Bostonskaya"),
        ("Хуршид", "Xurshid", "Khurshid"),  # the second spelling is Uzbek in the Latin alphabet
        ("Ғанижон", "G'anijon", "Ganijon"),
        ("Асан уулу Бакыт", "Бакыт Асан", "Bakyt Asan", "асан  бакыт"),
        ("Бурул Асан кызы", "Burul Asan"),
        ("Анна-Мария", "Anna Mariya"),
        ("Семён", "Semyon", "Semën", "Семен"),
        ("Фёдор", "Fyodor", "Fëdor"),
        ("Пётр", "Pyotr", "Pëtr"),
        ("Ёрқин", "Yorqin"),
        ("Максим", "Maxim", "Maksim"),
        ("Алексей", "Alexey", "Aleksei"),
        ("Оксана", "Oxana"),
        ("Ғулом", "G´ulom", "Gʻulom", "Ghulom"),
        ("Ўғли", "O´g´li", "Oʻgʻli"),
        ("Исаев", "Иса́ев", "Isaev"),
        ("Марья", "Marʹia"),
        ("Үсөнов", "Усөнов", "Усенов", "Усёнов"),  # Russian documents write е for ө
        ("Үсөнов", "Усонов", "Usonov"),
        ("Сағынбаев", "Saghynbayev"),
        ("Bäňňi", "Banni"),  # Turkmen
        ("Ұлан", "Ulan"),  # Kazakh
    ],
)
def test_spellings_of_one_name_are_equal(spellings: tuple[str, ...]) -> None:
    names = [frozenset(name_parts(spelling)) for spelling in spellings]
    assert all(names) and all(is_same(names[0], name) for name in names)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Асан", "Асанов"),
        ("Айгүл", "Айгерим"),
        ("Токтогулов", "Токтоналиев"),
        ("Нурбек", "Нурлан"),
        ("Максат", "Махат"),
        ("Осмонов", "Эсменев"),
        ("Асан Усенов", "Асан"),
    ],
)
def test_different_names_stay_different(name: str, other: str) -> None:
    assert not is_same(frozenset(name_parts(name)), frozenset(name_parts(other)))


@pytest.mark.parametrize("nothing", [None, "", " ", "-", "’"])
def test_a_name_without_letters_has_no_parts(nothing: str | None) -> None:
    assert name_parts(nothing) == ()


def test_a_particle_alone_is_a_name() -> None:
    assert name_parts("Кызы") == (frozenset({"kizi"}),)


@pytest.mark.parametrize(
    "number",
    [
        "+996 555 123456",
        "0555 12-34-56",
        "996555123456",
        "00996555123456",
        "555123456",
        "+996(555)123-456",
        "+996 0555 123456",
        "+996 (0)555 123456",
        "996 0555 123456",
        "+0555 123456",
    ],
)
def test_ways_to_write_a_number_of_this_country_are_equal(number: str) -> None:
    assert telephones(number) == {"996555123456"}


def test_a_number_of_another_country_keeps_its_code() -> None:
    assert telephones("+7 912 345 67 89") == telephones("8 912 345-67-89") == {"79123456789"}
    assert telephones("+49 30 1234567") == {"49301234567"}
    assert telephones(None) == telephones("") == frozenset()


@pytest.mark.parametrize(
    "both", ["0555 123456 0700 112233", "+996 555 123456 +996 700 112233", "+996 555 123456 0700 112233"]
)
def test_two_numbers_in_one_field_are_both_found(both: str) -> None:
    assert telephones(both) == {"996555123456", "996700112233"}
