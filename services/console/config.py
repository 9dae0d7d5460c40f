"""The console's own settings."""

from pathlib import Path

from shared.config import Settings


class ConsoleSettings(Settings):
    """`callers_key_file`: what seals who telephoned, outside PostgreSQL. `paper_folder`: where the board is written for a printer each hour."""

    callers_key_file: Path = Path(".state/secrets/callers-key")
    ntp_server: str | None = None  # host or host:port
    paper_folder: Path | None = None

    @property
    def admin_password_file(self) -> Path:
        return self.state / "admin-password"
