"""The console's own settings."""

from pathlib import Path

from shared.config import Settings


class ConsoleSettings(Settings):
    """The console's settings.

    - `callers_key_file`: the key that encrypts callers' data and second factors in PostgreSQL
    - `paper_folder`: the folder for the hourly printable copy of the board
    - `map_pmtiles`: a PMTiles file with the detailed background of the map
    """

    callers_key_file: Path = Path(".state/secrets/callers-key")
    ntp_server: str | None = None  # `host` or `host:port`
    paper_folder: Path | None = None
    map_pmtiles: Path | None = None

    @property
    def admin_password_file(self) -> Path:
        return self.state / "admin-password"
