"""Makes the movements of households for the benchmark of figures, as rows of the registry's tables.

One in eight displaced households is transferred. One in sixteen is displaced again. Later, three in five households
return, and one in twelve settles elsewhere. Each movement follows 1 to 180 days after the previous movement. In a tenth
of the returns and settlements, one person stays behind.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.registry.households.ages import described, new_years
from services.registry.movement_rows import DISAGGREGATED
from services.registry.reports import NEVER
from shared.events.vocabulary import Movement, Shelter, SubStock

Row = dict[str, Any]
TO = {
    Movement.TRANSFERRED: SubStock.IN_DISPLACEMENT,
    Movement.DISPLACED_AGAIN: SubStock.IN_DISPLACEMENT,
    Movement.RETURNED: SubStock.IN_RETURN,
    Movement.SETTLED_ELSEWHERE: SubStock.IN_SETTLEMENT,
}


def moved(episode: Row, now: datetime, pcodes: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """Returns the stays and passages of an episode; the episode itself ends with the first movement."""
    draw = Random(episode["report_id"].int)
    stays: list[Row] = []
    passages: list[Row] = []
    present = {**episode, "sub_stock": SubStock.IN_DISPLACEMENT, "departed_at": episode["occurred_at"]}
    for kind, at in movements(draw, episode["occurred_at"], now):
        (stays[-1] if stays else episode)["superseded_at"] = at
        codes = present["codes"]
        is_divided = TO[kind] is not SubStock.IN_DISPLACEMENT and len(codes) > 1 and draw.random() < 0.1
        after = {**of_people(present, codes[is_divided:], at), **place(kind, episode, draw.choice(pcodes))}
        passages.append(passage(present, after, UUID(int=draw.getrandbits(128)), len(passages)))
        rest = [of_people(present, codes[:1], at)] if is_divided else []
        stays += [{**own, "number": number} for number, own in enumerate((*rest, after), start=len(stays))]
        present = after
    return stays, passages


def movements(draw: Random, departed_at: datetime, now: datetime) -> Iterator[tuple[Movement, datetime]]:
    onward = (Movement.TRANSFERRED, 1 / 8), (Movement.DISPLACED_AGAIN, 1 / 16)
    kinds = [kind for kind, share in onward if draw.random() < share]
    ending = draw.random()
    if ending < 3 / 5:
        kinds.append(Movement.RETURNED)
    elif ending < 3 / 5 + 1 / 12:
        kinds.append(Movement.SETTLED_ELSEWHERE)
    at = departed_at
    for kind in kinds:
        at += timedelta(days=draw.randint(1, 180))
        if at < now:
            yield kind, at


def of_people(present: Row, codes: list[int], at: datetime) -> Row:
    numbers = described(codes, new_years=new_years(present["departed_at"], at))
    return {
        **present,
        **dict(zip(DISAGGREGATED, numbers, strict=True)),
        "codes": codes,
        "persons": len(codes),
        "displaced": len(codes),
        "households": 1,
        "occurred_at": at,
        "confirmed_at": at,
        "is_return_presumed": False,
        "superseded_at": NEVER,
        "movement": present.get("movement"),
    }


def place(kind: Movement, episode: Row, pcode: str) -> Row:
    is_return = kind is Movement.RETURNED
    return {
        "movement": kind,
        "sub_stock": TO[kind],
        "destination_pcode": episode["origin_pcode"] if is_return else pcode,
        "destination_country": "KG",
        "shelter": Shelter.UNKNOWN if is_return else Shelter.RENTED,
    }


def passage(before: Row, after: Row, report_id: UUID, number: int) -> Row:
    return {
        **after,
        "report_id": report_id,
        "number": number,
        "displaced_from_pcode": before["origin_pcode"],
        "origin_pcode": before["destination_pcode"],
        "origin_country": before["destination_country"],
        "from_sub_stock": before["sub_stock"],
        "to_sub_stock": after["sub_stock"],
    }
