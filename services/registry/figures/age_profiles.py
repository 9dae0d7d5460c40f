"""Defines the profiles of age brackets, and the stored columns for each profile.

Reports state a birth date, a birth year, an age, or only an age bracket. For a person whose age is known, an age code
is stored. From the age code, a figure computes the person's age on a later day. The rules are in docs/decisions/0052.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Literal

from services.registry.reports import BRACKETS, CELLS, SEXES
from shared.events.vocabulary import Sex

# WHOLE has a column for each age bracket that reports can state. The profiles UNHCR and DELTA need parts of some
# brackets, so PARTS has columns for parts of brackets. Only persons whose age in years is known are in the columns of
# PARTS.
WHOLE = tuple(bracket.replace("-", "_").replace("+", "_plus") for bracket in BRACKETS)
PARTS = ("0_4", "5", "12_14", "15_17", "60_64", "65_plus")
PART_NAMES = tuple(f"{sex}_{part}" for sex, part in product(SEXES, PARTS))


class AgeProfile(StrEnum):
    """A set of age brackets. Each set has the name of an organisation that uses the set."""

    DTM = "dtm"  # used by IOM's DTM and by HOPE
    UNHCR = "unhcr"  # used by UNHCR and by IDMC
    DELTA = "delta"  # used by UNDRR's DELTA for the reports of the Sendai Framework


AnyBracket = Literal["0-4", "0-5", "5-11", "6-11", "0-14", "12-17", "15-64", "18-59", "60+", "65+", "unknown"]


@dataclass(frozen=True)
class Profile:
    """`columns` are added. A column whose name begins with a minus is subtracted.

    `minors` and `elders` are the indexes of the brackets for the youngest and for the oldest persons.
    """

    code: AgeProfile
    brackets: tuple[AnyBracket, ...]
    columns: tuple[tuple[str, ...], ...]
    minors: tuple[int, ...]
    elders: tuple[int, ...]

    @property
    def cells(self) -> list[tuple[str, AnyBracket]]:
        """The cells are in the order in which figures list them."""
        return [(sex.value, bracket) for sex, bracket in product(SEXES, self.brackets)]

    def chosen(self, sexes: Collection[Sex], ages: Collection[AnyBracket]) -> list[int]:
        """An empty argument selects all sexes or all ages."""
        return [
            index
            for index, (sex, age) in enumerate(self.cells)
            if (not sexes or sex in sexes) and (not ages or age in ages)
        ]

    @property
    def names(self) -> list[str]:
        return [f"{sex}_{bracket.replace('-', '_').replace('+', '_plus')}" for sex, bracket in self.cells]

    @property
    def terms(self) -> list[list[tuple[str, str]]]:
        return [[term(sex, column) for column in columns] for sex, columns in product(SEXES, self.columns)]


def term(sex: str, column: str) -> tuple[str, str]:
    return ("-" if column.startswith("-") else "+"), f"{sex}_{column.removeprefix('-')}"


PROFILES = {
    profile.code: profile
    for profile in (
        Profile(
            AgeProfile.DTM,
            ("0-5", "6-11", "12-17", "18-59", "60+", "unknown"),
            (("0_5",), ("6_11",), ("12_17",), ("18_59",), ("60_plus",), ("unknown",)),
            minors=(0, 1, 2),
            elders=(4,),
        ),
        Profile(
            AgeProfile.UNHCR,
            ("0-4", "5-11", "12-17", "18-59", "60+", "unknown"),
            (("0_4",), ("5", "6_11"), ("12_17",), ("18_59",), ("60_plus",), ("unknown", "0_5", "-0_4", "-5")),
            minors=(0, 1, 2),
            elders=(4,),
        ),
        Profile(
            AgeProfile.DELTA,
            ("0-14", "15-64", "65+", "unknown"),
            (
                ("0_5", "6_11", "12_14"),
                ("15_17", "18_59", "60_64"),
                ("65_plus",),
                ("unknown", "12_17", "-12_14", "-15_17", "60_plus", "-60_64", "-65_plus"),
            ),
            minors=(0,),
            elders=(2,),
        ),
    )
}
assert list(PROFILES[AgeProfile.DTM].cells) == [(sex.value, age.value) for sex, age in CELLS]


# At each of these ages, a person enters the next age class.
CLASSES_FROM = (5, 6, 12, 15, 18, 60, 65)
CLASSES_OF: dict[str, tuple[int, ...]] = {
    "0_5": (0, 1),
    "6_11": (2,),
    "12_17": (3, 4),
    "18_59": (5,),
    "60_plus": (6, 7),
    "0_4": (0,),
    "5": (1,),
    "12_14": (3,),
    "15_17": (4,),
    "60_64": (6,),
    "65_plus": (7,),
}
