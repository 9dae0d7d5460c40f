"""The console's own settings."""

from pathlib import Path

from shared.config import Settings


class ConsoleSettings(Settings):
    """The file `callers_key_file` contains the key that encrypts callers' data and second factors in PostgreSQL.

    `paper_folder` is the folder into which a printable copy of the board is written every hour.
    `map_pmtiles` is a PMTiles file with the detailed background of the map.
    """

    callers_key_file: Path = Path(".state/secrets/callers-key")
    ntp_server: str | None = None  # `host` or `host:port`
    paper_folder: Path | None = None
    map_pmtiles: Path | None = None

    @property
    def admin_password_file(self) -> Path:
        return self.state / "admin-password"
