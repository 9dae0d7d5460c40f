"""Intake's own settings."""

from pathlib import Path

from shared.config import Settings

# The first feed has the day's earthquakes. The second has the region's last month with deleted events, which the
# first omits.
USGS_FEEDS = (
    "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_day.geojson",
    "https://earthquake.usgs.gov/fdsnws/event/1/query?format=geojson&includedeleted=true"
    + "&minlatitude=36&maxlatitude=46.5&minlongitude=65&maxlongitude=84.5",
)


class IntakeSettings(Settings):
    """At `intake_spool_bytes` the spool is full and intake answers 503. `intake_area`: a GeoJSON file, or `world`."""

    host: str = "127.0.0.1"
    port: int = 8081
    memory_key_file: Path = Path(".state/secrets/memory-key")
    intake_spool_bytes: int = 1 << 30
    # A JSON list of URLs. The default is the source's own feeds, but none in an exercise.
    intake_usgs_feeds: tuple[str, ...] | None = None
    intake_feed_seconds: float = 60.0
    intake_area: str | None = None

    @property
    def usgs_feeds(self) -> tuple[str, ...]:
        """The USGS feeds to poll. An exercise polls none by default, so that it shows no real earthquakes."""
        if self.intake_usgs_feeds is not None:
            return self.intake_usgs_feeds
        return () if self.exercise else USGS_FEEDS

    @property
    def spool_folder(self) -> Path:
        return self.state / "spool" / "intake"
