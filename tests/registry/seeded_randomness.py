"""Draws random numbers from a seed. Codes are drawn so that each code occurs."""

from collections.abc import Sequence
from enum import Enum
from random import Random


class Draw(Random):
    """A generator that also deals codes like cards: every code comes once before any code comes twice."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._decks: dict[tuple[str, ...], list[str]] = {}

    def deal(self, codes: Sequence[str]) -> str:
        deck = self._decks.setdefault(tuple(codes), [])
        if not deck:
            deck += self.sample(codes, len(codes))
        return deck.pop()


def codes(of: type[Enum]) -> list[str]:
    return [code.value for code in of]
