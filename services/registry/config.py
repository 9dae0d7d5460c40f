"""The registry's own settings."""

from pathlib import Path

from shared.config import Settings


class RegistrySettings(Settings):
    """The key that wraps the households' keys, and the root of the search keys: files outside PostgreSQL and its backups."""

    registry_kek_file: Path = Path(".state/secrets/registry-kek")
    search_root_file: Path = Path(".state/secrets/search-root")
    registry_batch: int = 1000  # records read, decided and written together
