"""A group count and registered households may be the same people.

The figures of both for one place are therefore not added up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.alerts.rules.displacement import decide_displacement
from services.alerts.rules.findings import Finding, Nothing
from services.alerts.rules.headcounts import Departed, HeadCount, RegisteredDeparture
from services.alerts.rules.windows import Window
from shared.events.vocabulary import Status
from shared.pages import LANGUAGES
from shared.pages.catalogs import translations
from shared.pages.reasons import sentence
from shared.places import Places
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, NOW, TODAY, rules

PLACES = Places.load()
STOCK = UUID(int=1)


def registered(households: int, persons: int, destination: str = LEILEK) -> RegisteredDeparture:
    return RegisteredDeparture((TODAY,), destination, households, persons)


def counted(
    persons: int,
    destination: str = LEILEK,
    *,
    stock_id: UUID | None = None,
    families: int = 0,
    yards: int = 0,
    is_estimated: bool = False,
    on: date = TODAY,
) -> HeadCount:
    return HeadCount(stock_id or uuid4(), on, on, destination, persons, families, yards, is_estimated)


def departed_of(
    people: Sequence[RegisteredDeparture | HeadCount], held: Sequence[RegisteredDeparture | HeadCount]
) -> Departed:
    return Departed(
        [one for one in people if isinstance(one, RegisteredDeparture)],
        [one for one in people if isinstance(one, HeadCount)],
        [one for one in held if isinstance(one, RegisteredDeparture)],
        [one for one in held if isinstance(one, HeadCount)],
    )


def judged(
    *people: RegisteredDeparture | HeadCount, held: Sequence[RegisteredDeparture | HeadCount] = (), **changed: Any
) -> Finding | Nothing:
    departed = departed_of(people, held)
    return decide_displacement(Status.ACTUAL, KADAMJAI, TODAY, departed, [], rules(displacement=changed), NOW)


def figures(
    *people: RegisteredDeparture | HeadCount, held: Sequence[RegisteredDeparture | HeadCount] = ()
) -> dict[str, Any]:
    finding = judged(*people, held=held, persons=1)
    assert isinstance(finding, Finding)
    return dict(finding.figures)


@pytest.mark.parametrize(
    ("people", "is_raised"),
    [
        ([counted(49)], False),
        ([counted(50)], True),
        ([counted(25, ALAI), counted(25)], True),
        ([registered(9, 49)], False),
        ([registered(9, 50)], True),
        ([registered(10, 10)], True),
        ([counted(37, families=10)], True),
        ([counted(37, families=9)], False),
        ([counted(49), registered(9, 49)], False),  # the registered people may be among the counted people
        ([counted(49), registered(1, 1, ALAI)], True),
        ([counted(49, ""), registered(1, 1)], True),
        ([counted(49, ""), registered(1, 1, "")], False),
    ],
)
def test_an_alert_is_raised_at_fifty_persons_or_ten_households(
    people: list[RegisteredDeparture | HeadCount], is_raised: bool
) -> None:
    assert isinstance(judged(*people), Finding) is is_raised


def test_the_larger_of_registered_and_counted_persons_is_taken_at_each_place() -> None:
    people = figures(counted(100), registered(12, 60), counted(20, ALAI), registered(10, 45, ALAI))
    assert (people["persons"], people["counted_persons"], people["registered_persons"]) == (100 + 45, 120, 105)
    assert people["households"] == 22


def test_if_the_teams_disagree_about_one_stock_the_highest_number_of_each_measure_is_taken() -> None:
    people = figures(
        counted(60, stock_id=STOCK, families=14), counted(80, stock_id=STOCK, families=12), counted(5), counted(0)
    )
    assert (people["persons"], people["reports"], people["families"]) == (85, 2, 14)


def test_a_team_that_counts_no_families_does_not_hide_the_families_of_another_team() -> None:
    people = [counted(20, stock_id=STOCK, families=12), counted(30, stock_id=STOCK)]
    shown = figures(*people)
    assert (shown["persons"], shown["families"]) == (30, 12)
    assert isinstance(judged(*people), Finding)


def test_the_families_and_the_yards_of_one_stock_are_not_added() -> None:
    people = [counted(20, stock_id=STOCK, families=6), counted(30, stock_id=STOCK, yards=6)]
    assert judged(*people) == Nothing("below_threshold")


def test_a_stock_is_in_the_window_of_its_earliest_departure() -> None:
    assert isinstance(judged(counted(60, stock_id=STOCK), counted(70, stock_id=STOCK, on=date(2026, 6, 25))), Finding)
    early = counted(70, stock_id=STOCK, on=date(2026, 6, 5))
    assert judged(counted(60, stock_id=STOCK), early) == Nothing("below_threshold")


def test_a_count_of_a_distant_day_is_not_in_the_window() -> None:
    assert judged(counted(49), counted(49, on=date(2026, 6, 20))) == Nothing("below_threshold")


@pytest.mark.parametrize(
    ("persons", "step"), [(199, 0), (200, 200), (499, 200), (500, 500), (1_000, 1_000), (2_999, 1_000), (9_000, 3_000)]
)
def test_the_persons_reach_a_step(persons: int, step: int) -> None:
    finding = judged(counted(persons))
    assert isinstance(finding, Finding) and finding.persons_step == step


def test_a_district_may_have_its_own_numbers() -> None:
    areas = {KADAMJAI: {"persons": 30, "again_at": [40]}, ALAI: {"persons": 500}}
    finding = judged(counted(40), areas=areas)
    assert isinstance(finding, Finding) and finding.persons_step == 40
    assert judged(counted(29), areas=areas) == Nothing("below_threshold")
    assert isinstance(judged(registered(10, 10), areas=areas), Finding)
    with pytest.raises(ValidationError):
        rules(displacement={"areas": {"Kadamjai": {"persons": 30}}})


@pytest.mark.parametrize(
    ("people", "held", "is_raised"),
    [
        ([], [registered(1, 49)], False),
        ([], [registered(1, 50)], True),
        ([], [registered(1, 1)] * 10, True),
        ([], [counted(50)], True),
        ([counted(49)], [registered(1, 49)], False),  # the household may be among the counted people
        ([registered(9, 40)], [registered(1, 1)], True),
        ([registered(1, 40)], [counted(49, ""), registered(1, 1, ALAI)], True),
        ([counted(49, stock_id=STOCK)], [counted(40, stock_id=STOCK)], False),
        ([counted(40, stock_id=STOCK)], [counted(50, stock_id=STOCK)], True),
    ],
)
def test_people_in_held_reports_count_like_others(
    people: list[RegisteredDeparture | HeadCount], held: list[RegisteredDeparture | HeadCount], is_raised: bool
) -> None:
    assert isinstance(judged(*people, held=held), Finding) is is_raised


def test_the_figures_say_how_many_of_the_persons_are_in_held_reports() -> None:
    people = figures(counted(60), registered(3, 12, ALAI), held=[registered(1, 5, ALAI), counted(20)])
    assert (people["persons"], people["held_persons"], people["held_households"]) == (60 + 20 + 12 + 5, 25, 1)
    assert (people["counted_persons"], people["registered_persons"], people["households"]) == (60, 12, 3)
    among_them = figures(counted(60, families=12), held=[registered(1, 5)])
    assert among_them["persons"] == 60 and "held_persons" not in among_them


def test_a_held_count_of_a_later_displacement_is_not_a_count_of_the_people_who_fled_before() -> None:
    before = counted(60, stock_id=STOCK, on=TODAY - timedelta(days=90))
    assert isinstance(judged(before, held=[counted(60, stock_id=STOCK)]), Finding)
    assert isinstance(judged(held=[before, counted(60, stock_id=STOCK)]), Finding)


DAYS = st.integers(0, 60).map(lambda days: TODAY + timedelta(days=days))
PLACES_NOW = st.sampled_from([LEILEK, ALAI, ""])
DEPARTURES = st.lists(
    st.builds(RegisteredDeparture, st.tuples(DAYS), PLACES_NOW, st.integers(1, 9), st.integers(1, 60)), max_size=6
)
COUNTS = st.lists(
    st.builds(
        lambda stock, on, *more: HeadCount(UUID(int=stock), on, on, *more),
        st.integers(1, 3),
        DAYS,
        PLACES_NOW,
        st.integers(0, 90),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    max_size=6,
)


@given(people=st.tuples(DEPARTURES, COUNTS, DEPARTURES, COUNTS), day=DAYS, order=st.randoms(use_true_random=False))
def test_held_reports_only_add_people_and_their_order_does_not_matter(
    people: tuple[list[Any], ...], day: date, order: Random
) -> None:
    window = Window(day, day + timedelta(days=1))
    known, recorded = Departed(*people).within(window), Departed(*people[:2]).within(window)
    assert min(known.held_persons, known.held_households) >= 0
    assert (
        replace(
            known,
            persons=known.persons - known.held_persons,
            households=known.households - known.held_households,
            held_persons=0,
            held_households=0,
        )
        == recorded
    )
    assert Departed(*(order.sample(part, len(part)) for part in people)).within(window) == known


EVENING = {
    "en": "283 persons counted in 4 reports, 75 families; 0 registered households",
    "ru": "283 человека по 4 донесениям, 75 семей; 0 зарегистрированных домохозяйств",
    "ky": "4 билдирүү боюнча 283 адам, 75 үй-бүлө; 0 катталган үй чарба",
}
WITH_HOUSEHOLDS = {
    "en": "60 persons counted in 1 report; 3 registered households (12 persons). Total, with the larger figure at each"
    " place: 72 persons",
    "ru": "60 человек по 1 донесению; 3 зарегистрированных домохозяйства (12 человек)."
    " Всего, по большему числу в каждом месте: 72 человека",
    "ky": "1 билдирүү боюнча 60 адам; 3 катталган үй чарба (12 адам)."
    " Бардыгы, ар бир жердеги чоңураак сан менен: 72 адам",
}


def test_yards_have_their_kyrgyz_word() -> None:
    text = sentence("households_displaced", figures(counted(60, yards=12)), "ky", translations("ky"), PLACES)
    assert "12 түтүн" in text


ESTIMATED = {
    "en": "283 persons counted in 2 reports (of these estimated: 150), 45 families; 0 registered households",
    "ru": "283 человека по 2 донесениям (из них по оценке: 150), 45 семей; 0 зарегистрированных домохозяйств",
    "ky": "2 билдирүү боюнча 283 адам (анын ичинен болжолдуу: 150), 45 үй-бүлө; 0 катталган үй чарба",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reason_says_how_many_of_its_persons_are_estimated(language: str) -> None:
    two = figures(counted(133), counted(150, "", families=45, is_estimated=True))
    text = sentence("households_displaced", two, language, translations(language), PLACES)
    assert text.endswith(ESTIMATED[language])


@pytest.mark.parametrize(("exact", "estimated"), [(60, 0), (70, 0), (50, 60)])
def test_persons_are_estimated_if_only_an_estimate_is_as_high(exact: int, estimated: int) -> None:
    counts = [counted(60, stock_id=STOCK, families=15, is_estimated=True), counted(exact, stock_id=STOCK)]
    for same in (counts, counts[::-1]):
        assert figures(*same).get("estimated_persons", 0) == estimated


WITH_HELD = {
    "en": "0 registered households. Total, with the larger figure at each place: 61 persons. Of these in held reports,"
    " to be reviewed: 61 persons, 1 household",
    "ru": "0 зарегистрированных домохозяйств. Всего, по большему числу в каждом месте: 61 человек. Из них в донесениях"
    " на рассмотрении, ждут решения: 61 человек, 1 домохозяйство",
    "ky": "0 катталган үй чарба. Бардыгы, ар бир жердеги чоңураак сан менен: 61 адам. Анын ичинен каралуудагы"
    " билдирүүлөрдө, чечим күтөт: 61 адам, 1 үй чарба",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reason_gives_both_parts(language: str) -> None:
    four = figures(counted(70, families=20), counted(150, "", families=45), counted(37, families=10), counted(26))
    known = translations(language)
    assert sentence("households_displaced", four, language, known, PLACES).endswith(EVENING[language])
    both = figures(counted(60), registered(3, 12, ALAI))
    assert sentence("households_displaced", both, language, known, PLACES).endswith(WITH_HOUSEHOLDS[language])
    held = figures(held=[counted(56), registered(1, 5, ALAI)])
    assert sentence("households_displaced", held, language, known, PLACES).endswith(WITH_HELD[language])


def test_a_brief_reason_begins_with_the_numbers_of_people_and_has_no_total() -> None:
    both = figures(counted(60), registered(3, 12, ALAI))
    text = sentence("households_displaced", both, "ru", translations("ru"), PLACES, is_brief=True)
    assert text == "60 человек по 1 донесению; 3 зарегистрированных домохозяйства (12 человек). За 24 ч"


def test_an_alert_of_the_release_before_names_its_households() -> None:
    before = {"households": 12, "hours": 24, "pcode": KADAMJAI, "first": "2026-06-15", "last": "2026-06-16"}
    text = sentence("households_displaced", before, "en", translations("en"), PLACES)
    assert text.endswith(": 12 registered households")
