"""The kinds of feeds that intake can read, and the feeds that it polls."""

from dataclasses import replace
from importlib import import_module
from typing import NamedTuple

from pydantic import TypeAdapter

from services.intake.feeds.items import Source
from shared.events.hazards import OF_PEOPLE, SourceName

# The module of a kind is imported only when it is needed, because every process imports `sources`.
KINDS = ("usgs",)
EXPECTED = (
    "entries KIND=ADDRESS or KIND:SOURCE=ADDRESS separated by spaces are expected,"
    " such as usgs=https://example.org/quakes.geojson or usgs:seismology=https://example.org/quakes.geojson;"
    f" the kinds are: {', '.join(KINDS)}"
)
REPEATED = "the same address is listed twice; an address is one feed of one source"
_name: TypeAdapter[str] = TypeAdapter(SourceName)


class PolledFeed(NamedTuple):
    """`source` is the institution whose hazards the feed contains."""

    kind: str
    source: str
    url: str


def source(kind: str, name: str | None = None) -> Source:
    """Return the source for documents of this kind. Without `name`, the institution is named after the kind."""
    own: Source = import_module(f"{__package__}.{kind}").SOURCE
    chosen = name or own.name
    return replace(own, name=chosen, kind=None if chosen == kind else kind)


def own_feeds() -> tuple[PolledFeed, ...]:
    return tuple(PolledFeed(kind, source(kind).name, url) for kind in KINDS for url in source(kind).urls)


def listed(text: str) -> tuple[PolledFeed, ...]:
    """Parse a text like `usgs=https://example.org/a usgs=https://example.org/b`. Raises ValueError."""
    feeds = tuple(_feed(entry) for entry in text.split())
    if len({feed.url for feed in feeds}) < len(feeds):
        raise ValueError(REPEATED)
    return feeds


def checked_name(name: str) -> str:
    """Raises ValueError if the source of a feed cannot have this name."""
    if name in OF_PEOPLE:
        raise ValueError("its events are entered by people")
    return _name.validate_python(name)


def _feed(entry: str) -> PolledFeed:
    label, _, url = entry.partition("=")
    kind, _, name = label.partition(":")
    if kind not in KINDS or not url.startswith(("https://", "http://")):
        raise ValueError(EXPECTED)
    try:
        return PolledFeed(kind, checked_name(name or kind), url)
    except ValueError:
        raise ValueError(EXPECTED) from None
