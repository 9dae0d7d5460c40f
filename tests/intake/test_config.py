"""The setting INTAKE_FEEDS lists the feeds that intake polls."""

import subprocess
import sys

import pytest

from deploy.local.paths import ROOT
from services.intake.config import IntakeSettings
from services.intake.feeds.sources import KINDS, source
from shared.config import BadSettings

OWN = [("usgs", url) for url in source("usgs").urls]


@pytest.mark.parametrize(
    ("variable", "exercise", "feeds"),
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
    monkeypatch: pytest.MonkeyPatch, variable: str | None, exercise: str, feeds: list[tuple[str, str]]
) -> None:
    monkeypatch.setenv("DAYAR_EXERCISE", exercise)
    if variable is not None:
        monkeypatch.setenv("INTAKE_FEEDS", variable)
    settings = IntakeSettings().for_service("intake")
    assert [(feed.source, feed.url) for feed in settings.feeds] == feeds


@pytest.mark.parametrize(
    "variable",
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
def test_another_list_is_refused_with_what_is_expected(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    assert "usgs=https://" in refusal(monkeypatch, variable)


@pytest.mark.parametrize("second", ["usgs=https://a.example/1", "usgs:seismology=https://a.example/1"])
def test_an_address_is_listed_once(monkeypatch: pytest.MonkeyPatch, second: str) -> None:
    feeds = f"usgs=https://a.example/1 usgs=https://b.example/2 {second}"
    assert "the same address is listed twice" in refusal(monkeypatch, feeds)


def refusal(monkeypatch: pytest.MonkeyPatch, feeds: str) -> str:
    """Returns the error message for an invalid list of feeds.

    The message names the setting, but contains no address.
    """
    monkeypatch.setenv("INTAKE_FEEDS", feeds)
    with pytest.raises(BadSettings) as refused:
        IntakeSettings()
    message = str(refused.value)
    assert "INTAKE_FEEDS" in message
    assert "a.example" not in message
    return message


@pytest.mark.parametrize("variable", ["", '["https://a.example"]'])
def test_the_former_name_of_the_list_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("INTAKE_USGS_FEEDS", variable)
    with pytest.raises(BadSettings, match="INTAKE_USGS_FEEDS: is now INTAKE_FEEDS, for example usgs=https://"):
        IntakeSettings()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_a_module_with_its_source(kind: str) -> None:
    assert source(kind).name == kind


def test_settings_are_read_without_the_libraries_that_feeds_need() -> None:
    """The supervisor and all processes of intake import the settings. An import of shapely would delay their start."""
    code = "import sys, services.intake.config; sys.exit('shapely' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
