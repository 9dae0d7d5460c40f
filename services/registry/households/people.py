"""The displaced persons of a report: named members, and numbers of unnamed persons by sex and age. No I/O."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from operator import add
from typing import Self

from services.registry.households.ages import Disaggregation, described, disaggregated, member_codes
from services.registry.reports import CELLS, UNKNOWN, Filed

NO_CELLS = (0,) * len(CELLS)
Person = tuple[str, int]  # a member's id, and the person code on the day of displacement


@dataclass(frozen=True, slots=True)
class People:
    """`members` are named persons. `others` are the numbers of unnamed persons, by sex and age.

    If a movement states only a number of people, nobody knows which members moved. `candidates` are members who may be
    among the unnamed persons; if there are none, any member may be.
    """

    members: tuple[Person, ...] = ()
    others: tuple[int, ...] = NO_CELLS
    candidates: tuple[Person, ...] = ()

    @classmethod
    def of(cls, departure: Filed) -> Self:
        if "members" in departure.sealed:
            return cls(tuple(sorted(member_codes(departure))))
        return cls(others=tuple(disaggregated(departure).cells))

    @property
    def count(self) -> int:
        return len(self.members) + sum(self.others)

    @property
    def cells(self) -> list[int]:
        """The numbers are in the order of CELLS, with the ages on the day of displacement."""
        return self.disaggregated().cells

    def coded(self, codes: Iterable[Person]) -> "People":
        """Members whose ids are in `codes` get the codes from `codes`."""
        known = dict(codes)
        return replace(self, members=tuple((id, known.get(id, code)) for id, code in self.members))

    def disaggregated(self, *, new_years: int = 0) -> Disaggregation:
        """Ages are computed after this number of New Years since the displacement."""
        named = described((code for _, code in self.members), new_years=new_years)
        return named._replace(cells=list(map(add, named.cells, self.others)))

    @property
    def is_open(self) -> bool:
        """True if any member may be one of the unnamed persons."""
        return sum(self.others) > len(self.candidates)

    @property
    def is_determined(self) -> bool:
        """If there are as many candidates as unnamed persons, each candidate is one of the unnamed persons."""
        return bool(self.candidates) and sum(self.others) == len(self.candidates)

    @property
    def determined(self) -> "People":
        return People(united(self.members, self.candidates))

    def __add__(self, other: "People") -> "People":
        others = tuple(map(sum, zip(self.others, other.others, strict=True)))
        candidates = () if self.is_open or other.is_open else united(self.candidates, other.candidates)
        return People(united(self.members, other.members), others, candidates)

    def may_include(self, member_id: str) -> bool:
        return any(self.others) and (self.is_open or any(member_id == id for id, _ in self.candidates))

    def including(self, member_id: str) -> "People":
        """The given member replaces one of the unnamed persons."""
        code = dict(self.candidates).get(member_id, UNKNOWN)
        others = unknown(sum(self.others) - 1).others
        return People(united(self.members, ((member_id, code),)), others, self.candidates).excluding((member_id,))

    def excluding(self, member_ids: Collection[str]) -> "People":
        """The members are removed from the candidates."""
        return People(
            self.members, self.others, tuple(person for person in self.candidates if person[0] not in member_ids)
        )

    def named(self, member_ids: Collection[str]) -> tuple["People", "People"]:
        named = tuple(member for member in self.members if member[0] in member_ids)
        rest = tuple(member for member in self.members if member[0] not in member_ids)
        return People(named), People(rest, self.others, self.candidates)

    def first(self, count: int) -> tuple["People", "People"]:
        """Nobody knows who is in which part, so sexes and ages become unknown."""
        if count >= self.count:
            return self, People()
        candidates = () if self.is_open else united(self.members, self.candidates)
        return unknown(count, candidates), unknown(self.count - count, candidates)


def unknown(count: int, candidates: tuple[Person, ...] = ()) -> People:
    others = tuple(count if cell == UNKNOWN else 0 for cell in range(len(CELLS)))
    return People(others=others, candidates=candidates if count else ())


def united(some: Iterable[Person], more: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(sorted({*some, *more}))
