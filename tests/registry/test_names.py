"""Different spellings of a name, and different ways to write a telephone number, fold to the same value."""

import pytest

from services.registry.names import folded, telephone


@pytest.mark.parametrize(
    "spellings",
    [
        # the order is: Kyrgyz, typed without Kyrgyz letters, ICAO 9303, BGN/PCGN
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
        ("Хуршид", "Xurshid", "Khurshid"),  # Uzbek in Latin letters
        ("Ғанижон", "G'anijon", "Ganijon"),
        ("Асан уулу Бакыт", "Бакыт Асан", "Bakyt Asan", "асан  бакыт"),
        ("Бурул Асан кызы", "Burul Asan"),
        ("Анна-Мария", "Anna Mariya"),
    ],
)
def test_spellings_of_one_name_are_equal(spellings: tuple[str, ...]) -> None:
    assert {folded(spelling) for spelling in spellings} == {folded(spellings[0])} != {frozenset()}


@pytest.mark.parametrize(
    ("one", "other"), [("Асан", "Асанов"), ("Айгүл", "Айгерим"), ("Токтогулов", "Токтоналиев"), ("Нурбек", "Нурлан")]
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize("nothing", [None, "", " ", "-", "’"])
def test_a_name_without_letters_has_no_parts(nothing: str | None) -> None:
    assert folded(nothing) == frozenset()


def test_a_particle_alone_is_a_name() -> None:
    assert folded("Кызы") == {"kizi"}


@pytest.mark.parametrize(
    "number", ["+996 555 123456", "0555 12-34-56", "996555123456", "00996555123456", "555123456", "+996(555)123-456"]
)
def test_ways_to_write_a_number_of_this_country_are_equal(number: str) -> None:
    assert telephone(number) == "996555123456"


def test_a_number_of_another_country_keeps_its_code() -> None:
    assert telephone("+7 912 345 67 89") == "79123456789"
    assert telephone(None) == telephone("") == ""
