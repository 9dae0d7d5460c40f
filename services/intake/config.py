"""Intake's own settings."""

from pathlib import Path

from shared.config import Settings

# The day's quakes as they come; and a month of the region with what was taken back, which the first feed never tells.
USGS_FEEDS = (
    "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_day.geojson",
    "https://earthquake.usgs.gov/fdsnws/event/1/query?format=geojson&includedeleted=true"
    + "&minlatitude=36&maxlatitude=46.5&minlongitude=65&maxlongitude=84.5",
)


class IntakeSettings(Settings):
    """`intake_spool_bytes`: what the spool may hold before it answers 503. `intake_area`: a GeoJSON file, or `world`."""

    host: str = "127.0.0.1"
    port: int = 8081
    memory_key_file: Path = Path(".state/secrets/memory-key")
    intake_spool_bytes: int = 1 << 30
    intake_usgs_feeds: tuple[str, ...] | None = (
        None  # a JSON list; none given = the source's own, except in an exercise
    )
    intake_feed_seconds: float = 60.0
    intake_area: str | None = None

    @property
    def usgs_feeds(self) -> tuple[str, ...]:
        """An exercise shows no real quakes unless it is told to."""
        if self.intake_usgs_feeds is not None:
            return self.intake_usgs_feeds
        return () if self.exercise else USGS_FEEDS

    @property
    def spool_folder(self) -> Path:
        return self.state / "spool" / "intake"
