"""Quakes come in: a real week, a real revision, and a revision and deletion of our own, from the file to the log."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from shapely import get_coordinates, unary_union
from typer.testing import CliRunner

from cli import feed, places
from services.intake.config import IntakeSettings
from services.intake.feeds import area
from services.intake.feeds.items import ItemKind
from services.intake.feeds.reading import Counts
from shared.events import AlertRaised, AlertSuppressed, Event
from shared.events.vocabulary import MsgType, OutcomeKind, Severity
from shared.places.areas import distance_km
from shared.places.bundle import load
from tests.installation import Installation, wait_for
from tests.intake.feeds.documents import ONSET_MS, deleted, document, feature
from tests.journeys.logs import events_on

BOUNDARIES = "admin/kgz_admbnda_adm2_moes_20181119.geojson"
HOLES = "admin/kgz-bishkek-osh-holes-derived.geojson"
WEEK = "hazard/usgs-2.5_week-2016-04.geojson"
LATER = ONSET_MS + 3_600_000


@pytest.fixture
def worker(installation: Installation) -> None:
    installation.start("intake", "worker", env={"INTAKE_USGS_FEEDS": "[]"})


async def read(installation: Installation, name: str, content: bytes, **changed: Any) -> Counts:
    return await feed.read("usgs", name, content, installation.settings(IntakeSettings, **changed))


async def published(installation: Installation, count: int, topic: str = "hazards") -> list[Event[Any]]:
    """What is on the log once it is so much; more than that is more than there should be."""

    async def enough() -> list[Event[Any]]:
        found = await events_on(installation, topic)
        return found if len(found) >= count else []

    return await wait_for(enough, timeout=30)


@pytest.fixture(scope="module")
def bundle(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `dayar places import` makes of the official boundaries."""
    target = tmp_path_factory.mktemp("places") / "places.geojson"
    files = [str(real_data / BOUNDARIES), str(real_data / HOLES)]
    result = CliRunner().invoke(places.app, ["import", *files, "--to", str(target)])
    assert result.exit_code == 0, result.output
    return target


@pytest.mark.usefixtures("worker")
async def test_a_real_week_has_two_quakes_of_ours(installation: Installation, real_data: Path, bundle: Path) -> None:
    content = (real_data / WEEK).read_bytes()

    first = await read(installation, "week", content, places_path=bundle)
    again = await read(installation, "week", content, places_path=bundle)

    rest = {ItemKind.NOT_A_HAZARD: 2, ItemKind.OUT_OF_AREA: 243, ItemKind.SET_ASIDE: 0}
    assert first == Counts({ItemKind.PUBLISHED: 2, **rest})
    assert again == Counts({ItemKind.UNCHANGED: 2, **rest})
    told = {event.data.source_id: event.data for event in await published(installation, 2)}
    assert told.keys() == {"us20005gku", "us20005giu"}
    assert told["us20005gku"].area.pcodes == ("KG06207000000",)
    assert (told["us20005gku"].magnitude, told["us20005gku"].severity) == (4.7, Severity.MODERATE)
    assert told["us20005giu"].area.pcodes == ()


def test_the_area_keeps_300_km_from_the_official_border(bundle: Path) -> None:
    _, drawn, _ = load(bundle)
    border = get_coordinates(unary_union(list(drawn.values())).simplify(0.01)).tolist()
    corners = json.loads((Path(area.__file__).parent / "area.geojson").read_text())["geometry"]["coordinates"][0]

    halfway = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairwise(corners)]
    distances = [min(distance_km(lat, lon, y, x) for x, y in border) for lon, lat in (*corners, *halfway)]

    assert 290 < min(distances) < max(distances) < 310


@pytest.mark.usefixtures("worker")
async def test_old_quakes_page_nobody_and_are_accounted_for(installation: Installation, real_data: Path) -> None:
    installation.start("alerts", "worker")
    await read(installation, "week", (real_data / WEEK).read_bytes())

    outcomes = {event.data.report_id: event.data for event in await published(installation, 2, "outcomes")}
    told = {event.data.source_id: outcomes[event.data.report_id] for event in await published(installation, 2)}

    assert (told["us20005gku"].outcome, told["us20005gku"].reason) == (OutcomeKind.SUPPRESSED, "too_old")
    assert told["us20005giu"].outcome is OutcomeKind.NOTED
    assert {event.type for event in await events_on(installation, "alerts")} <= {AlertSuppressed.event_type}


@pytest.mark.usefixtures("worker")
async def test_the_same_quake_fresh_raises_one_moderate_alert(installation: Installation) -> None:
    installation.start("alerts", "worker")
    now = int(datetime.now(UTC).timestamp() * 1000)
    fresh = feature("us20005gku", at=(73.4257, 39.474), mag=4.7, time=now - 60_000, updated=now)
    for _ in range(2):
        await read(installation, "fresh", document(fresh))
    await read(installation, "fresh", document(feature("us1", at=(73.0, 39.5), mag=4.2, time=now, updated=now)))

    await published(installation, 2, "outcomes")
    [alert] = await events_on(installation, "alerts")
    assert (alert.type, alert.data.severity) == (AlertRaised.event_type, Severity.MODERATE)


@pytest.mark.usefixtures("worker")
async def test_a_real_week_is_the_same_without_boundaries(installation: Installation, real_data: Path) -> None:
    counts = await read(installation, "week", (real_data / WEEK).read_bytes())

    assert counts[ItemKind.PUBLISHED] == 2
    assert {event.data.source_id for event in await published(installation, 2)} == {"us20005gku", "us20005giu"}


@pytest.mark.usefixtures("worker")
async def test_a_real_revision_of_links_alone_is_unchanged(installation: Installation, real_data: Path) -> None:
    earlier, later = (
        (real_data / "hazard" / name).read_bytes()
        for name in ("usgs-detail-us10004u1y.earlier-revision.json", "usgs-detail-us10004u1y.json")
    )

    first = await read(installation, "detail", earlier, intake_area="world")
    second = await read(installation, "detail", later, intake_area="world")

    assert (first[ItemKind.PUBLISHED], second[ItemKind.UNCHANGED], second.total()) == (1, 1, 1)
    [event] = await published(installation, 1)
    assert (event.data.magnitude, event.data.aliases) == (7.8, ("gcmt20160302124948",))


@pytest.mark.usefixtures("worker")
async def test_a_revision_and_a_deletion_are_one_hazard_updated_then_cancelled(installation: Installation) -> None:
    steps = [
        feature("us1", mag=5.1),
        feature("us1", ids=",us1,ak2,", mag=5.6, updated=LATER),
        deleted("us1", ids=",us1,ak2,", updated=LATER + 1),
    ]
    for step in steps:
        assert (await read(installation, "own", document(step)))[ItemKind.PUBLISHED] == 1

    told = await published(installation, 3)
    assert [event.data.msg_type for event in told] == [MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL]
    assert len({event.data.hazard_id for event in told}) == 1
    assert [event.data.revision for event in told] == sorted({event.data.revision for event in told})
    assert told[1].data.aliases == ("ak2",)
