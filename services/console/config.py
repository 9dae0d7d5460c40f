"""The console's own settings."""

from pathlib import Path

from shared.config import Settings


class ConsoleSettings(Settings):
    """`callers_key_file`: what seals who telephoned, outside PostgreSQL and its backups."""

    callers_key_file: Path = Path(".state/secrets/callers-key")

    @property
    def admin_password_file(self) -> Path:
        return self.state / "admin-password"
