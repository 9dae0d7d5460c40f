"""The displaced persons of a report: the members who are named, and the others by sex and age. No I/O."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from services.registry.reports import CELLS, UNKNOWN, Filed, member_cells, sex_age

NO_CELLS = (0,) * len(CELLS)


@dataclass(frozen=True, slots=True)
class People:
    """`members` maps a member's id to the cell of sex and age; `others` are the numbers of other persons by cell."""

    members: tuple[tuple[str, int], ...] = ()
    others: tuple[int, ...] = NO_CELLS

    @classmethod
    def of(cls, departure: Filed) -> Self:
        """The people of a displacement."""
        if "members" in departure.sealed:
            return cls(tuple(sorted(member_cells(departure))))
        return cls(others=tuple(sex_age(departure)))

    @property
    def count(self) -> int:
        return len(self.members) + sum(self.others)

    @property
    def cells(self) -> list[int]:
        """The numbers of persons by sex and age, in the order of CELLS."""
        cells = list(self.others)
        for _, cell in self.members:
            cells[cell] += 1
        return cells

    def __add__(self, other: "People") -> "People":
        others = tuple(map(sum, zip(self.others, other.others, strict=True)))
        return People(tuple(sorted(self.members + other.members)), others)

    def named(self, member_ids: Collection[str]) -> tuple["People", "People"]:
        """The members with these ids, and the rest."""
        named = tuple(member for member in self.members if member[0] in member_ids)
        rest = tuple(member for member in self.members if member[0] not in member_ids)
        return People(named), People(rest, self.others)

    def first(self, count: int) -> tuple["People", "People"]:
        """So many persons, and the rest. Nobody knows who they are, so sex and age of both become unknown."""
        if count >= self.count:
            return self, People()
        return unknown(count), unknown(self.count - count)


def unknown(count: int) -> People:
    return People(others=tuple(count if cell == UNKNOWN else 0 for cell in range(len(CELLS))))
