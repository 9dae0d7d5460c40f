"""Finds the telephone in a cell, as people write telephones into lists. Pure."""

import re

NONE = {"нет", "нету", "жок", "no", "none", "-", "–", "—"}
WHOLE = re.compile(r"[0-9+() .-]{1,32}")  # as the contract accepts a telephone
SEPARATORS = re.compile(r"[,;/|\n]|\b(?:и|жана|and)\b")
RUN = re.compile(r"\+?\(?\d[\d() .-]*\d")
# A number of the country without a separator before the next one: 0 or 996, and nine digits.
NATIONAL = re.compile(r"(?:\+?996|\(?0)(?:[() .-]*\d){9}")
SHORTEST, LONGEST = 5, 15  # digits: a telephone in a village, and the longest international number


def is_none(text: str) -> bool:
    """Whether the text says that there is no telephone."""
    return text.casefold().strip(" .") in NONE


def is_one(text: str) -> bool:
    """Whether the text is one telephone and nothing else."""
    return bool(WHOLE.fullmatch(text)) and 0 < digits(text) <= LONGEST


def first_of(text: str) -> str | None:
    """The first telephone of a text with several telephones or with words. None if the text has no telephone."""
    for part in SEPARATORS.split(text):
        if run := RUN.search(part):
            number = run[0] if digits(run[0]) <= LONGEST else national(run[0])
            if number and digits(number) >= SHORTEST:
                return number
    return None


def national(run: str) -> str | None:
    match = NATIONAL.match(run)
    return match[0] if match else None


def digits(text: str) -> int:
    return sum(letter.isdecimal() for letter in text)
