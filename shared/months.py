"""Months as texts such as `2026-11`."""

from datetime import date
from typing import Annotated

from pydantic import Field

# years from 1900 to 2199, as in `Day`
Month = Annotated[str, Field(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]


def before(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year - (number == 1):04}-{(number - 2) % 12 + 1:02}"


def after(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
