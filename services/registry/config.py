"""The registry's own settings."""

from pathlib import Path

from pydantic import Field

from shared.config import Settings


class RegistrySettings(Settings):
    """The folders of keys are outside PostgreSQL and its backups.

    The keys in `registry_kek_file` encrypt the households' keys. Digests of reports are computed with the keys in
    `digest_key_file`. The search keys are derived from the key in `search_root_file`.
    """

    registry_kek_file: Path = Path(".state/secrets/registry-kek")
    digest_key_file: Path = Path(".state/secrets/digest-key")
    search_root_file: Path = Path(".state/secrets/search-root")
    registry_batch: int = 1000  # the largest number of records in one transaction
    # a movement may wait this many days for the registration of its short code, and is then refused
    registry_unknown_code_days: float = Field(default=60, gt=0)
