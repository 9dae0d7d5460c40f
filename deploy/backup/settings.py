"""The settings of backups: the store, the keys, the time, and the administrators' logins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.provision.broker import Broker
from deploy.provision.database import Server
from shared.config import CheckedSettings, Settings, secret


class BackupSettings(CheckedSettings):
    """`at` is the time of the nightly backup, in Bishkek's time zone.

    If `at` is not set, only a command makes backups.
    """

    model_config = SettingsConfigDict(env_prefix="BACKUP_", env_ignore_empty=True)

    to: str | None = None  # a folder, or s3://bucket/prefix
    # Public keys (age1...), separated by spaces. Any one of the private keys decrypts a backup.
    recipient: str = ""
    at: time | None = None
    keep_days: float = Field(default=30, gt=0)
    folders: dict[str, Path] = Field(default={})  # if empty, a backup contains only the state folder
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_key_id: str | None = None
    s3_secret_file: Path | None = None


class AdminSettings(CheckedSettings):
    """The administrators' logins on external servers. Logins on our own servers are in the state folder."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    admin_database_url: str | None = None
    admin_database_password_file: Path | None = None
    database_admin_password: str | None = None
    admin_kafka_bootstrap: str | None = None
    admin_kafka_username: str = "admin"
    admin_kafka_password_file: Path | None = None
    admin_kafka_mechanism: str | None = None
    kafka_admin_password: str | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that a backup contains, and that a restore writes."""

    settings: Settings
    folders: Mapping[str, Path]
    server: Server
    broker: Broker

    @classmethod
    def read(cls, settings: Settings, backup: BackupSettings, admin: AdminSettings) -> "Installation":
        return cls(
            settings, backup.folders or {"state": settings.state}, _server(settings, admin), _broker(settings, admin)
        )

    @property
    def database(self) -> str:
        return urlsplit(self.settings.database_url).path.lstrip("/")

    @property
    def role_prefix(self) -> str:
        return (urlsplit(self.settings.database_url).username or "").removesuffix("{service}")

    @property
    def kind(self) -> str:
        return "exercise" if self.settings.exercise else "main"


def _server(settings: Settings, admin: AdminSettings) -> Server:
    own = f"postgresql://dayar_admin@{urlsplit(settings.database_url).netloc.rpartition('@')[2]}/postgres"
    file = admin.admin_database_password_file or settings.state / "secrets" / "database-admin"
    password = admin.database_admin_password or (secret(file) if file.exists() else None)
    return Server(admin.admin_database_url or own, password)


def _broker(settings: Settings, admin: AdminSettings) -> Broker:
    bootstrap = admin.admin_kafka_bootstrap or settings.kafka_bootstrap
    if not settings.kafka_security_protocol.startswith("SASL"):
        return Broker(bootstrap)
    file = admin.admin_kafka_password_file or settings.state / "secrets" / "kafka-admin"
    password = admin.kafka_admin_password or (secret(file) if file.exists() else None)
    return Broker(
        bootstrap,
        admin.admin_kafka_username,
        password,
        settings.kafka_security_protocol,
        admin.admin_kafka_mechanism or settings.kafka_sasl_mechanism,
        str(settings.kafka_ca_file or "") or None,
    )
