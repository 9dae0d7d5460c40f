"""Tests the routes on which the centre's staff see the state of the feeds."""

import re
from typing import Any

import httpx

from services.intake.config import IntakeSettings
from services.intake.feeds.sources import PolledFeed, source
from services.intake.worker import reader
from shared.auth.tokens import Role
from shared.postgres import database
from tests.installation import Installation, wait_for
from tests.intake.conftest import opened
from tests.intake.feeds.documents import document, feature


async def read(installation: Installation) -> None:
    settings = installation.settings(IntakeSettings)
    engine = database.engine(settings)
    content = document(feature("us1"), feature("us2", type="explosion"), "broken")
    async with database.sessions(engine).begin() as session:
        await reader(settings).read(session, source("usgs"), "own.geojson", content)
    await engine.dispose()


async def test_counts_per_feed_are_shown_to_operators_and_in_the_metrics(installation: Installation) -> None:
    await read(installation)
    polled = tuple(PolledFeed("usgs", "usgs", url) for url in ("own.geojson", "https://feeds.example/other?key=secret"))
    async with opened(installation, intake_feeds=polled) as intake:
        page = await intake.caller(Role.OPERATOR).get("/feeds?lang=en")
        answer = await intake.caller(Role.OPERATOR).get("/v1/feeds")
        refused = await intake.caller(Role.FIELD).get("/v1/feeds")

        async def measured(http: httpx.AsyncClient = intake.http) -> str:
            text = (await http.get("/metrics")).text
            return text if "intake_feed_items_total{" in text else ""

        metrics = await wait_for(measured, timeout=60)

    assert re.findall('data-health="([a-z]+)"', page.text) == ["well", "never"]
    assert "new or changed: 1" in page.text and "secret" not in page.text
    shown: dict[str, Any] = answer.json()
    [feed] = shown["feeds"]
    assert (feed["name"], feed["failures"]) == ("usgs=own.geojson", 0)
    assert feed["last"] == {"not_a_hazard": 1, "out_of_area": 0, "published": 1, "set_aside": 1, "unchanged": 0}
    assert [(entry["name"], entry["reason"]) for entry in shown["set_aside"]] == [("#2", "unreadable")]
    assert "content" not in shown["set_aside"][0]
    assert refused.status_code == 403
    assert 'intake_feed_items_total{kind="published",source="usgs"} 1.0' in metrics
