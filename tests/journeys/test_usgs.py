"""Earthquakes of a real week are read from the feed, with revisions and a deletion.

Each quake gets the right outcome.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from shapely import get_coordinates, unary_union
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from cli import feed, places
from services.alerts.config import AlertsSettings
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from services.intake.config import IntakeSettings
from services.intake.feeds.items import ItemKind
from services.intake.feeds.reading import Counts
from services.intake.feeds.sources import source
from shared.events import AlertRaised, AlertSuppressed, Event, HazardReported, derived_id
from shared.events.vocabulary import DeliveryChannel, MsgType, OutcomeKind, Severity
from shared.places import watched
from shared.places.areas import distance_km
from shared.places.bundle import load
from shared.postgres import database
from tests.installation import Installation
from tests.intake.feeds.documents import ONSET_MS, deleted, document, feature
from tests.journeys.count import Sent, count_check
from tests.journeys.logs import events_on

BOUNDARIES = "admin/kgz_admbnda_adm2_moes_20181119.geojson"
HOLES = "admin/kgz-bishkek-osh-holes-derived.geojson"
WEEK = "hazard/usgs-2.5_week-2016-04.geojson"
LATER = ONSET_MS + 3_600_000
ALAI, NOOKAT, KARA_SUU = "KG06207000000", "KG06242000000", "KG06226000000"


@dataclass(frozen=True)
class Results:
    """The hazards, outcomes and alerts of the quakes of one test. `hazards`: the reports of each `source_id`."""

    hazards: dict[str, list[HazardReported]]
    outcomes: dict[UUID, Any]
    alerts: dict[UUID | None, list[Event[Any]]]

    def alerts_of(self, source_id: str) -> list[Event[Any]]:
        return self.alerts.get(self.hazards[source_id][0].hazard_id, [])


@dataclass
class Centre:
    """An installation with one receiver.

    A feed is read only when a test calls `read`. Each test of the feed has its own quakes.
    """

    installation: Installation
    sent: Sent

    async def read(self, name: str, content: bytes, **changed: Any) -> Counts:
        return await feed.read(source("usgs"), name, content, self.installation.settings(IntakeSettings, **changed))

    def expect(self, content: bytes, *names: str) -> None:
        parsed = json.loads(content)
        for quake in parsed.get("features", [parsed]):
            if quake["id"] in names:
                report_id = derived_id("report", "usgs", quake["id"], quake["properties"]["updated"])
                self.sent.published("hazards", report_id)

    async def add_receiver(self) -> None:
        async with self._alerts() as session:
            box = WebhookSecrets(self.installation.settings(AlertsSettings).alerts_key_file)
            await subscriptions.put(session, Receiver("desk", DeliveryChannel.WEBHOOK, "http://127.0.0.1:9/"), box)

    async def deliveries(self, alerts: list[Event[Any]]) -> int:
        async with self._alerts() as session:
            ids = [alert.data.alert_id for alert in alerts]
            query = text("SELECT count(*) FROM deliveries WHERE alert_id = ANY(:ids)")
            return int(await session.scalar(query, {"ids": ids}) or 0)

    @asynccontextmanager
    async def _alerts(self) -> AsyncIterator[AsyncSession]:
        engine = database.engine(self.installation.settings(AlertsSettings))
        try:
            async with database.sessions(engine).begin() as session:
                yield session
        finally:
            await engine.dispose()

    async def followed(self) -> Results:
        """Waits until all records of the quakes are processed.

        Checks that the counts balance, and that the expected reports exist and no others.
        """
        await count_check(self.installation, self.sent)
        hazards: dict[str, list[HazardReported]] = {}
        for event in await events_on(self.installation, "hazards"):
            hazards.setdefault(event.data.source_id, []).append(event.data)
        alerts: dict[UUID | None, list[Event[Any]]] = {}
        for event in await events_on(self.installation, "alerts"):
            alerts.setdefault(event.data.hazard_id, []).append(event)
        outcomes = {event.data.report_id: event.data for event in await events_on(self.installation, "outcomes")}
        return Results(hazards, outcomes, alerts)


@pytest.fixture(scope="module")
async def centre(shared_installation: Installation) -> Centre:
    made = Centre(shared_installation, Sent())
    await made.add_receiver()
    shared_installation.start("intake", "worker", env={"INTAKE_FEEDS": ""})
    shared_installation.start("alerts", "worker")
    shared_installation.start("console", "worker")
    return made


@pytest.fixture(scope="module")
def bundle(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("places") / "places.geojson"
    files = [str(real_data / BOUNDARIES), str(real_data / HOLES)]
    result = CliRunner().invoke(places.app, ["import", *files, "--to", str(target)])
    assert result.exit_code == 0, result.output
    return target


async def test_a_real_week_has_three_quakes_of_the_area_and_old_ones_notify_nobody(
    centre: Centre, real_data: Path, bundle: Path
) -> None:
    content = (real_data / WEEK).read_bytes()

    first = await centre.read("week", content, places_path=bundle)
    again = await centre.read("week", content, places_path=bundle)
    without_boundaries = await centre.read("week", content)

    rest = {ItemKind.NOT_A_HAZARD: 2, ItemKind.OUT_OF_AREA: 242, ItemKind.SET_ASIDE: 0}
    assert first == Counts({ItemKind.PUBLISHED: 3, **rest})
    assert again == without_boundaries == Counts({ItemKind.UNCHANGED: 3, **rest})
    centre.expect(content, "us20005gku", "us20005giu", "us20005gsg")
    results = await centre.followed()
    [alai], [tajik] = results.hazards["us20005gku"], results.hazards["us20005giu"]
    assert (alai.magnitude, alai.severity, alai.area.pcodes) == (4.7, Severity.UNKNOWN, ("KG06207000000",))
    assert (tajik.magnitude, tajik.area.pcodes) == (4.1, ())
    # 313 km from the border, intake publishes a quake only if its magnitude is high
    [ashkasham] = results.hazards["us20005gsg"]
    assert (ashkasham.magnitude, ashkasham.depth_km) == (6.6, 210.42)
    assert (results.outcomes[alai.report_id].outcome, results.outcomes[alai.report_id].reason) == (
        OutcomeKind.SUPPRESSED,
        "too_old",
    )
    assert results.outcomes[tajik.report_id].outcome is OutcomeKind.NOTED
    assert {event.type for event in results.alerts_of("us20005gku")} == {AlertSuppressed.event_type}
    assert await centre.deliveries(results.alerts_of("us20005gku")) == 0


async def test_a_real_revision_of_links_only_is_unchanged(centre: Centre, real_data: Path) -> None:
    earlier, later = (
        (real_data / "hazard" / name).read_bytes()
        for name in ("usgs-detail-us10004u1y.earlier-revision.json", "usgs-detail-us10004u1y.json")
    )

    first = await centre.read("detail", earlier, intake_area="world")
    second = await centre.read("detail", later, intake_area="world")

    assert (first[ItemKind.PUBLISHED], second[ItemKind.UNCHANGED], second.total()) == (1, 1, 1)
    centre.expect(earlier, "us10004u1y")
    [hazard] = (await centre.followed()).hazards["us10004u1y"]
    assert (hazard.magnitude, hazard.aliases) == (7.8, ("gcmt20160302124948",))


async def test_a_revision_and_a_deletion_are_one_hazard_updated_then_cancelled(centre: Centre) -> None:
    steps = [
        feature("us1", mag=5.1),
        feature("us1", ids=",us1,ak2,", mag=5.6, updated=LATER),
        deleted("us1", ids=",us1,ak2,", updated=LATER + 1),
    ]
    for step in steps:
        assert (await centre.read("own", document(step)))[ItemKind.PUBLISHED] == 1
        centre.expect(document(step), "us1")

    hazards = (await centre.followed()).hazards["us1"]
    assert [hazard.msg_type for hazard in hazards] == [MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL]
    assert len({hazard.hazard_id for hazard in hazards}) == 1
    assert [hazard.revision for hazard in hazards] == sorted({hazard.revision for hazard in hazards})
    assert hazards[1].aliases == ("ak2",)


async def test_the_quake_of_sary_tash_raises_one_moderate_alert_when_it_is_fresh(centre: Centre) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    fresh = feature("fresh47", at=(73.4257, 39.474), mag=4.7, time=now - 60_000, updated=now)
    weak = feature("fresh42", at=(73.0, 39.5), mag=4.2, time=now, updated=now)

    for _ in range(2):
        await centre.read("fresh", document(fresh, weak))

    centre.expect(document(fresh, weak), "fresh47", "fresh42")
    results = await centre.followed()
    [alert] = results.alerts_of("fresh47")
    assert (alert.type, alert.data.severity, alert.data.nature) == (
        AlertRaised.event_type,
        Severity.MODERATE,
        "machine",
    )
    # the quake is 1.5 km beyond the border and no boundaries are known, but the alert names the shaken district
    assert (alert.data.pcodes, alert.data.figures["pcode"]) == (("KG06207000000",), "KG06207000000")
    [hazard] = results.hazards["fresh47"]
    assert (hazard.severity, hazard.area.pcodes) == (Severity.UNKNOWN, ())
    assert await centre.deliveries([alert]) == 1
    assert results.alerts_of("fresh42") == []


async def test_real_quakes_alert_by_the_intensity_that_was_computed_by_hand(centre: Centre, real_data: Path) -> None:
    """The numbers follow from the equations of Bindi et al. 2011, "Intensity prediction equations for Central Asia".

    I is the intensity, M is the magnitude, and h is the depth in km. R is the distance from the epicentre in km, and s
    = sqrt(R^2 + h^2) is the distance from the hypocentre in km.

    The quake of Sary-Tash (file of 2016) has M = 4.7 and h = 23.31: I = 0.898 M + 1.215 - 1.809 log10(s / h) - 0.003447
    (s - h), with a standard deviation of 0.737. At the epicentre, in Alai (R = 0): 4.2206 + 1.215 = 5.436. The
    intensity plus the deviation is 6.17. Houses may therefore be damaged. In Nookat, R = 93.06 and s = 95.93. The quake
    is felt: 5.436 - 1.809 x 0.61442 - 0.003447 x 72.62 = 4.07. In Chon-Alai, R = 102.55 and s = 105.17. The quake is
    not felt: 5.436 - 1.809 x 0.65435 - 0.003447 x 81.86 = 3.97.

    A depth of 0 means that nobody measured the depth. A depth of 0 counts as 15 km. No file has a quake of depth 0 in
    this region. The quake of Sary-Tash is therefore read with depth 0: I = 1.049 M + 0.686 - 2.706 log10(s / 15) -
    0.0001811 (s - 15). At the epicentre, in Alai: 4.9303 + 0.686 = 5.616. The intensity plus the standard deviation of
    0.689 is 6.31. In Nookat, s = 94.26. The quake is not felt: 5.616 - 2.706 x 0.79823 - 0.0001811 x 79.26 = 3.44.

    For the two deep quakes, neither equation is valid. About the quake of Ashkasham (210 km), the source states an
    intensity of 3.96 (MMI) and the impact green. About the quake of the Hindu Kush (26 October 2015, 212 km), the
    source states neither intensity nor impact.
    """
    measured = real_quake(real_data, "us20005gku", "measured")
    at_zero = real_quake(real_data, "us20005gku", "at-zero", depth=0)
    ashkasham = real_quake(real_data, "us20005gsg", "ashkasham")
    unstated = dict.fromkeys(("mmi", "cdi", "felt", "alert"))
    hindu_kush = real_quake(
        real_data, "us20005gsg", "hindu-kush", at=(70.37, 36.52), depth=212, mag=7.5, title="Hindu Kush", **unstated
    )
    content = document(measured, at_zero, ashkasham, hindu_kush)

    assert (await centre.read("by hand", content))[ItemKind.PUBLISHED] == 4

    centre.expect(content, "measured", "at-zero", "ashkasham", "hindu-kush")
    results = await centre.followed()
    found = {name: [event.data for event in results.alerts_of(name)] for name in ("measured", "at-zero", "hindu-kush")}
    [shallow], [unmeasured], [deep] = found.values()
    by_intensity = (Severity.MODERATE, True, "quake_intensity", (ALAI,))
    for alert, intensity, felt in ((shallow, 5.44, [ALAI, NOOKAT, KARA_SUU]), (unmeasured, 5.62, [ALAI])):
        assert (alert.severity, alert.severity_is_derived, alert.reason, alert.pcodes) == by_intensity
        assert (alert.figures["intensity"], alert.figures["pcode"], alert.figures["felt"]) == (intensity, ALAI, felt)
    assert (deep.severity, deep.severity_is_derived, deep.reason) == (Severity.MODERATE, True, "quake_unjudged")
    assert (deep.pcodes, deep.figures["magnitude"], deep.figures["depth_km"]) == ((), 7.5, 212)
    assert not {"intensity", "felt"} & deep.figures.keys()
    [reported] = results.hazards["ashkasham"]
    assert (reported.depth_km, results.alerts_of("ashkasham")) == (210.42, [])
    outcome = results.outcomes[reported.report_id]
    assert (outcome.outcome, outcome.reason) == (OutcomeKind.NOTED, "below_threshold")
    assert {results.hazards[name][0].severity for name in found} == {Severity.UNKNOWN}


def real_quake(
    real_data: Path,
    source_id: str,
    name: str,
    *,
    at: tuple[float, float] | None = None,
    depth: float | None = None,
    **changed: Any,
) -> Any:
    [quake] = [quake for quake in json.loads((real_data / WEEK).read_bytes())["features"] if quake["id"] == source_id]
    now = int(datetime.now(UTC).timestamp() * 1000)
    lon, lat, measured_depth = quake["geometry"]["coordinates"]
    properties = {**quake["properties"], "ids": f",{name},", "time": now, "updated": now, **changed}
    coordinates = [*(at or (lon, lat)), measured_depth if depth is None else depth]
    return {**quake, "id": name, "properties": properties, "geometry": {"type": "Point", "coordinates": coordinates}}


def test_the_area_keeps_300_km_from_the_official_border(bundle: Path) -> None:
    drawn = load(bundle).shapes
    border = get_coordinates(unary_union(list(drawn.values())).simplify(0.01)).tolist()
    corners = json.loads((Path(watched.__file__).parent / "area.geojson").read_text())["geometry"]["coordinates"][0]

    halfway = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairwise(corners)]
    distances = [min(distance_km(lat, lon, y, x) for x, y in border) for lon, lat in (*corners, *halfway)]

    assert 290 < min(distances) < max(distances) < 310
