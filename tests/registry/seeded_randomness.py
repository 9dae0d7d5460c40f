"""Draws random numbers from a seed, and codes so that none is missing."""

from collections.abc import Sequence
from enum import Enum
from random import Random


class Draw(Random):
    """A generator that also deals codes like cards: each code comes once before a code comes again."""

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
