"""Finds the telephone number in a cell of a list. Pure."""

import re

NONE = {"нет", "нету", "жок", "no", "none", "-", "–", "—"}
WHOLE = re.compile(r"[0-9+() .-]{1,32}")  # the contract accepts only these characters in a telephone
SEPARATORS = re.compile(r"[,;/|\n]|\b(?:и|жана|and)\b")
RUN = re.compile(r"\+?\(?\d[\d() .-]*\d")
# A number of Kyrgyzstan: 0 or 996, then nine digits. The pattern stops after nine digits, because a second number may
# follow without a separator.
NATIONAL = re.compile(r"(?<!\d)(?:\+?996|\(?0)(?:[() .-]*\d){9}(?!\d)")
HOUSE = re.compile(r"\b(?:дом|д|кв|квартира|үй|house|apt)\b\.?\s*№?\s*\d+", re.IGNORECASE)
SHORTEST, LONGEST = 5, 15  # digits of the shortest number in a village, and of the longest international number


def is_none(text: str) -> bool:
    return text.casefold().strip(" .") in NONE


def is_one(text: str) -> bool:
    number = telephone(text) if WHOLE.fullmatch(text) else None
    return number is not None and digits(text) == digits(number) > 0


def first_of(text: str) -> str | None:
    """Return the first telephone in the text, or None. Numbers of houses and flats are ignored."""
    for part in SEPARATORS.split(HOUSE.sub(" ", text)):
        for run in RUN.findall(part):
            number = telephone(run)
            if number and digits(number) >= SHORTEST:
                return number
    return None


def telephone(run: str) -> str | None:
    """Return the telephone in a run of digits.

    If a number of Kyrgyzstan is part of the run, return only this number.
    """
    is_foreign = run.startswith("+") and not run.startswith("+996")
    national = None if is_foreign else NATIONAL.search(run)
    if national:
        return national[0]
    return run if digits(run) <= LONGEST else None


def digits(text: str) -> int:
    return sum(letter.isdecimal() for letter in text)
