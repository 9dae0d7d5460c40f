"""Finds nearly equal names of localities and sites, so that a person can say whether two names mean one place.

Names of places are compared like names of persons: in Latin letters, with all romanisations folded. The limits were
measured on the names of the country's units (docs/decisions/0059). No I/O.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from shared.names import SEPARATORS, romanised, spellings

# Two names of ONE_ERROR letters or more may differ in one letter. Two names of TWO_ERRORS letters or more may differ in
# two letters. Shorter names must be equal.
ONE_ERROR, TWO_ERRORS = 5, 8
DIGITS = re.compile(r"\d+")


def nearly_equal(names: Collection[str]) -> Mapping[str, set[str]]:
    """Names with different numbers are never nearly equal."""
    similar = similar_among(names, names)
    return {name: others - {name} for name, others in similar.items() if others - {name}}


def similar_among(names: Collection[str], others: Collection[str]) -> Mapping[str, set[str]]:
    spelled, choices = by_spelling(names), by_spelling(others)
    similar, spellings = defaultdict[str, set[str]](set), list(choices)
    for spelling, written in spelled.items():
        for other, errors, _ in process.extract(spelling, spellings, scorer=OSA.distance, score_cutoff=2, limit=None):
            if errors <= allowed_errors(min(len(spelling), len(other))):
                for name in written:
                    similar[name] |= {same for same in choices[other] if numbers(same) == numbers(name)}
    return similar


def by_spelling(names: Iterable[str]) -> Mapping[str, set[str]]:
    spelled = defaultdict[str, set[str]](set)
    for name in names:
        for spelling in spellings_of(name):
            spelled[spelling].add(name)
    return spelled


def allowed_errors(letters: int) -> int:
    return 0 if letters < ONE_ERROR else 1 if letters < TWO_ERRORS else 2


@lru_cache(4_096)
def spellings_of(name: str) -> frozenset[str]:
    """Each spelling is written without spaces, with the words in the order of the name, or in alphabetical order."""
    words = SEPARATORS.split(romanised(name))
    return spellings("".join(words)) | spellings("".join(sorted(words)))


def numbers(name: str) -> list[str]:
    return DIGITS.findall(name)
