"""What the CMC sees of its feeds."""

from typing import Any

import httpx

from services.intake.config import IntakeSettings
from services.intake.feeds.reading import SOURCES
from services.intake.worker import reader
from shared import database
from tests.installation import Installation, wait_for
from tests.intake.feeds.documents import document, feature


async def read(installation: Installation) -> None:
    settings = installation.settings(IntakeSettings)
    engine = database.engine(settings)
    content = document(feature("us1"), feature("us2", type="explosion"), "broken")
    async with database.sessions(engine).begin() as session:
        await reader(settings).read(session, SOURCES["usgs"], "own.geojson", content)
    await engine.dispose()


async def answered(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response | None:
    try:
        return await client.get(path, headers=headers)
    except httpx.TransportError:
        return None


async def test_counts_per_feed_are_shown_to_operators_and_measured(installation: Installation) -> None:
    await read(installation)
    port = str(installation.port)
    installation.start("intake", "web", env={"PORT": port})
    operator, field = (f"Bearer {installation.token(roles=[role])}" for role in ("operator", "field"))

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answer = await wait_for(lambda: answered(client, "/v1/feeds", authorization=operator), timeout=30)
        refused = await client.get("/v1/feeds", headers={"authorization": field})

        async def measured() -> str:
            text = (await client.get("/metrics")).text
            return text if "intake_feed_items_total{" in text else ""

        metrics = await wait_for(measured, timeout=30)

    shown: dict[str, Any] = answer.json()
    [feed] = shown["feeds"]
    assert (feed["name"], feed["failures"]) == ("own.geojson", 0)
    assert feed["last"] == {"not_a_hazard": 1, "out_of_area": 0, "published": 1, "set_aside": 1, "unchanged": 0}
    assert [(entry["name"], entry["reason"]) for entry in shown["set_aside"]] == [("#2", "unreadable")]
    assert "content" not in shown["set_aside"][0]
    assert refused.status_code == 403
    assert 'intake_feed_items_total{kind="published",source="usgs"} 1.0' in metrics
