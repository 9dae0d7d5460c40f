"""Reads days and years as people write them into sheets. Pure."""

import re
from datetime import date, timedelta

DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?: ?г\.?| ?ж\.?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?")
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]\d{2}:\d{2}.*)?")
YEAR = re.compile(r"(\d{4})(?: ?г\.?| ?г\. ?р\.?| ?ж\.?)?")
SERIAL = re.compile(r"\d{5}")
FIRST_SERIAL = date(1899, 12, 30)  # day 0 of Excel's calendar
CENTURY, NEXT_YEARS = 100, 10


def day_of(text: str, today: date) -> date | None:
    """None if the text is no day. A year of two digits is at most ten years after the present year."""
    try:
        if match := ISO_DAY.fullmatch(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := DAY.fullmatch(text):
            return date(whole_year(match[3], today), int(match[2]), int(match[1]))
    except ValueError:
        return None
    return FIRST_SERIAL + timedelta(days=int(text)) if SERIAL.fullmatch(text) else None


def whole_year(digits: str, today: date) -> int:
    year = int(digits)
    if year >= CENTURY:
        return year
    year += today.year - today.year % CENTURY
    return year if year <= today.year + NEXT_YEARS else year - CENTURY


def year_of(text: str) -> int | None:
    match = YEAR.fullmatch(text)
    return int(match[1]) if match else None
