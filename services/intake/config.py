"""Intake's own settings."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from services.intake.feeds.sources import PolledFeed, listed, own_feeds
from shared.config import Settings


class IntakeSettings(Settings):
    """Intake answers 503 when the spool's size has reached `intake_spool_bytes`.

    `intake_area` is the area of watched hazards: a GeoJSON file, or `world`. `intake_spool_folder` is only for a
    command that runs outside intake's state folder.
    """

    host: str = "127.0.0.1"
    port: int = 8081
    memory_key_file: Path = Path(".state/secrets/memory-key")
    phones_key_file: Path = Path(".state/secrets/phones-key")
    intake_spool_bytes: int = 1 << 30
    intake_spool_folder: Path | None = None
    # Feeds as KIND=ADDRESS or KIND:SOURCE=ADDRESS, separated by spaces. By default, intake polls the feeds that each
    # known institution publishes.
    intake_feeds: Annotated[tuple[PolledFeed, ...] | None, NoDecode] = None
    intake_usgs_feeds: str | None = None  # the name of `intake_feeds` in earlier releases of Dayar
    intake_feed_seconds: float = 60.0
    intake_area: str | None = None
    # If the phone's location is less precise, the field form asks the author to locate again.
    intake_location_metres: Annotated[int, Field(ge=5, le=10_000)] = 100

    @field_validator("intake_feeds", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return listed(value) if isinstance(value, str) else value

    @field_validator("intake_usgs_feeds")
    @classmethod
    def _renamed(cls, value: str | None) -> None:
        if value is not None:
            raise ValueError("is now INTAKE_FEEDS, for example usgs=https://...")

    @property
    def feeds(self) -> tuple[PolledFeed, ...]:
        """An exercise polls no feeds by default, because it must not show real hazards."""
        if self.intake_feeds is not None:
            return self.intake_feeds
        return () if self.exercise else own_feeds()

    @property
    def spool_folder(self) -> Path:
        return self.intake_spool_folder or self.state / "spool" / "intake"
