"""The registry's own settings."""

from pathlib import Path

from shared.config import Settings


class RegistrySettings(Settings):
    """The settings name folders of keys, which are kept outside PostgreSQL and its backups.

    `registry_kek_file` wraps the households' keys, `digest_key_file` makes the digests, and `search_root_file` is the
    root of the search keys.
    """

    registry_kek_file: Path = Path(".state/secrets/registry-kek")
    digest_key_file: Path = Path(".state/secrets/digest-key")
    search_root_file: Path = Path(".state/secrets/search-root")
    registry_batch: int = 1000  # how many records are read, decided and written together
