"""The sources of hazards that intake can read, and the feeds that it polls."""

from typing import NamedTuple

from services.intake.feeds import usgs
from services.intake.feeds.items import Source

SOURCES = {source.name: source for source in (usgs.SOURCE,)}


class PolledFeed(NamedTuple):
    source: Source
    url: str


def own_feeds() -> tuple[PolledFeed, ...]:
    """The feeds that the sources themselves publish."""
    return tuple(PolledFeed(source, url) for source in SOURCES.values() for url in source.urls)


def listed(text: str) -> tuple[PolledFeed, ...]:
    """The feeds of a list like `usgs=https://example.org/a usgs=https://example.org/b`. Raises ValueError."""
    return tuple(_feed(entry) for entry in text.split())


def _feed(entry: str) -> PolledFeed:
    name, _, url = entry.partition("=")
    if name not in SOURCES or not url.startswith(("https://", "http://")):
        raise ValueError(
            f"pairs SOURCE=ADDRESS separated by spaces are expected, such as usgs=https://example.org/quakes.geojson;"
            f" the sources are: {', '.join(SOURCES)}"
        )
    return PolledFeed(SOURCES[name], url)
