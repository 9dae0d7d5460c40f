"""The sources of hazards that intake can read, and the feeds that it polls."""

from dataclasses import replace
from typing import NamedTuple

from pydantic import TypeAdapter

from services.intake.feeds import usgs
from services.intake.feeds.items import Source
from shared.events.hazards import CENTRE, SourceName

SOURCES = {source.name: source for source in (usgs.SOURCE,)}
EXPECTED = (
    "entries KIND=ADDRESS or KIND:SOURCE=ADDRESS separated by spaces are expected,"
    " such as usgs=https://example.org/quakes.geojson or usgs:seismology=https://example.org/quakes.geojson;"
    f" the kinds are: {', '.join(SOURCES)}"
)
_name: TypeAdapter[str] = TypeAdapter(SourceName)


class PolledFeed(NamedTuple):
    source: Source
    url: str


def own_feeds() -> tuple[PolledFeed, ...]:
    """The feeds that the sources themselves publish."""
    return tuple(PolledFeed(source, url) for source in SOURCES.values() for url in source.urls)


def listed(text: str) -> tuple[PolledFeed, ...]:
    """The feeds of a list like `usgs=https://example.org/a usgs=https://example.org/b`. Raises ValueError."""
    return tuple(_feed(entry) for entry in text.split())


def named(kind: str, name: str | None) -> Source:
    """A source whose documents are of this kind. Raises ValueError if `name` cannot be the name of such a source."""
    if name == CENTRE:
        raise ValueError("its events are entered by people")
    return replace(SOURCES[kind], name=_name.validate_python(name)) if name else SOURCES[kind]


def _feed(entry: str) -> PolledFeed:
    label, _, url = entry.partition("=")
    kind, _, name = label.partition(":")
    if kind not in SOURCES or not url.startswith(("https://", "http://")):
        raise ValueError(EXPECTED)
    try:
        return PolledFeed(named(kind, name), url)
    except ValueError:
        raise ValueError(EXPECTED) from None
