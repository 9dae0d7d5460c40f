"""The list of feeds in intake's settings."""

import pytest

from services.intake.config import IntakeSettings
from services.intake.feeds.sources import SOURCES
from shared.config import BadSettings

OWN = [("usgs", url) for url in SOURCES["usgs"].urls]


@pytest.mark.parametrize(
    ("given", "exercise", "feeds"),
    [
        (None, "0", OWN),
        (None, "1", []),
        ("", "0", []),
        ("usgs=https://a.example/q?format=geojson&x=1", "1", [("usgs", "https://a.example/q?format=geojson&x=1")]),
        (
            "usgs=https://a.example/1  usgs=http://b.example/2\n",
            "0",
            [("usgs", "https://a.example/1"), ("usgs", "http://b.example/2")],
        ),
        ("usgs:seismology.kg=https://a.example/1", "0", [("seismology.kg", "https://a.example/1")]),
    ],
)
def test_feeds_are_listed_with_kind_source_and_address(
    monkeypatch: pytest.MonkeyPatch, given: str | None, exercise: str, feeds: list[tuple[str, str]]
) -> None:
    monkeypatch.setenv("DAYAR_EXERCISE", exercise)
    if given is not None:
        monkeypatch.setenv("INTAKE_FEEDS", given)
    settings = IntakeSettings().for_service("intake")
    assert [(feed.source.name, feed.url) for feed in settings.feeds] == feeds


@pytest.mark.parametrize(
    "given",
    [
        "https://a.example/1",
        "cmc=https://a.example/1",
        "usgs=a.example",
        '["https://a.example"]',
        "usgs",
        "usgs:Someone Else=https://a.example/1",
        "usgs:КМЧС=https://a.example/1",
        "usgs:cmc=https://a.example/1",
    ],
)
def test_another_list_is_refused_with_what_is_expected(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("INTAKE_FEEDS", given)
    with pytest.raises(BadSettings) as refused:
        IntakeSettings()
    assert "INTAKE_FEEDS" in str(refused.value)
    assert "usgs=https://" in str(refused.value)
    assert "a.example" not in str(refused.value)
