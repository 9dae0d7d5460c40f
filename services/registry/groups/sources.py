"""Decides which people of counted groups a movement concerns. No I/O."""

from collections.abc import Callable

from services.registry.counts.headcounts import Headcount
from services.registry.households.positions import TRANSITIONS
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Movement, SubStock


def sources(kind: Movement) -> tuple[Callable[[Headcount], bool], ...]:
    """The conditions are tried in order, until somebody meets a condition."""
    if kind is Movement.ENTERED_COUNTRY:
        return has_left, is_abroad
    elsewhere = {SubStock.IN_RETURN, SubStock.IN_SETTLEMENT} - {TRANSITIONS[kind].to}
    in_stock = is_displaced, lambda count: count.sub_stock in elsewhere
    return (*in_stock, has_solution) if kind is Movement.DISPLACED_AGAIN else in_stock


def is_displaced(count: Headcount) -> bool:
    return count.is_displaced


def has_left(count: Headcount) -> bool:
    return count.sub_stock is SubStock.LEFT_COUNTRY


def has_solution(count: Headcount) -> bool:
    return count.sub_stock is SubStock.DURABLE_SOLUTION


def is_abroad(count: Headcount) -> bool:
    destination = count.clear.destination
    return count.is_displaced and destination.pcode is None and destination.country not in (COUNTRY, UNKNOWN_COUNTRY)
