"""Fills an installation with a busy day: open alerts, hazards, and people in many localities."""

import math
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice
from random import Random
from typing import Any

import httpx

from deploy.local.process import wait_until
from shared.events import AlertRaised, Place
from tests import gazetteers
from tests.console.factories import NOW, TODAY, alert, group
from tests.console.pages.conftest import Whole

ALERTS, HAZARDS, LOCALITIES = 500, 300, 2_000
AT_ONCE = 500
CORNERS = 24
TYPES = ("mudflow", "landslide", "rockfall", "avalanche", "river_flood", "hail", "strong_wind", "heavy_rain")
SEVERITIES = ("Extreme", "Severe", "Severe", "Moderate", "Moderate", "Moderate", "Minor", "Unknown")
WORDS = "Размыто 40 метров дороги, два дома подтоплены, люди ушли к школе на возвышенности"
DISTRICTS = tuple(dict.fromkeys(str(row["parent"]) for row in gazetteers.drawn(LOCALITIES) if row["level"] == 3))


def villages() -> Iterator[tuple[str, str]]:
    rows = gazetteers.drawn(LOCALITIES)
    districts = {row["pcode"]: str(row["parent"]) for row in rows if row["level"] == 3}
    return ((str(row["pcode"]), districts[row["parent"]]) for row in rows if row["level"] == 4)


def areas(draw: Random) -> Iterator[dict[str, Any]]:
    for number in count():
        district = DISTRICTS[number % len(DISTRICTS)]
        lat, lon = draw.uniform(39.6, 42.8), draw.uniform(70.0, 79.5)
        shapes: tuple[dict[str, Any], ...] = (
            {"polygons": [ring(lat, lon)]},
            {"point": {"lat": round(lat, 4), "lon": round(lon, 4)}},
            {},
        )
        yield {"pcodes": [district], "description": f"{number}-й километр дороги", **shapes[number % 3]}


def ring(lat: float, lon: float) -> list[list[float]]:
    angles = [2 * math.pi * corner / CORNERS for corner in range(CORNERS)]
    corners = [[round(lon + 0.2 * math.cos(angle), 4), round(lat + 0.15 * math.sin(angle), 4)] for angle in angles]
    return [*corners, corners[0]]


def fill(whole: Whole, desk: httpx.Client) -> None:
    counted = [
        group(
            7,
            to=district,
            destination_locality=f"Айыл {pcode}",
            destination_locality_pcode=pcode,
            origin=Place(pcode=district),
            occurred_on=TODAY - timedelta(days=30),  # people who left 30 days ago cause no alert
        )
        for pcode, district in villages()
    ]
    for first in range(0, len(counted), AT_ONCE):
        whole.publish(*counted[first : first + AT_ONCE])
    for number, area in enumerate(islice(areas(Random(1)), HAZARDS)):
        text = {language: {"headline": WORDS, "description": 3 * WORDS} for language in ("ru", "ky")}
        severity = SEVERITIES[number % len(SEVERITIES)]
        whole.report_hazard(type=TYPES[number % len(TYPES)], severity=severity, area=area, text=text)
    assert wait_until(lambda: has_settled(desk), timeout=120, every=1)
    missing = max(0, ALERTS - len(ids(desk, "alerts")))
    whole.publish(*map(further_alert, range(missing)))
    assert wait_until(lambda: has_settled(desk), timeout=60, every=1)


def further_alert(number: int) -> AlertRaised:
    severity, district = SEVERITIES[number % len(SEVERITIES)], DISTRICTS[number % len(DISTRICTS)]
    moment = NOW - timedelta(minutes=number)
    return alert(
        severity=severity, hazard_type=TYPES[number % len(TYPES)], pcodes=[district], onset=moment, raised_at=moment
    )


def has_settled(desk: httpx.Client) -> bool:
    ledgers = [desk.get(path).json() for path in ("/alerts/v1/ledger", "/console/v1/ledger", "/registry/v1/ledger")]
    return all(each["on_its_way"] == 0 for ledger in ledgers for each in ledger["partitions"])


def ids(desk: httpx.Client, layer: str) -> list[str]:
    features = desk.get(f"/console/v1/map/{layer}").json()["features"]
    return [feature["properties"]["id"] for feature in features]
