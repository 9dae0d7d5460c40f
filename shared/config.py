"""Settings of the infrastructure, read once in `__main__`. Each service adds its own settings in its `config.py`."""

from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.errors import DocumentedError
from shared.events.topics import DAY_MS, DEAD_LETTERS_DAYS, Topic
from shared.events.vocabulary import Status

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class BadSettings(DocumentedError):
    """A setting has an invalid value."""


class CheckedSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    def __init__(self, **values: Any) -> None:
        """Raises BadSettings.

        The text of BadSettings describes the valid values. The text never quotes the invalid value, which may be a
        secret.
        """
        prefix = self.model_config["env_prefix"]
        try:
            super().__init__(**values)
        except ValidationError as error:
            errors = error.errors(include_input=False, include_context=False)
            raise BadSettings(*(_expectation(error, prefix) for error in errors)) from None
        except SettingsError as error:
            # pydantic's text is, for example: error parsing value for field "folders" from source ...
            field = str(error).split('"')[1]
            raise BadSettings(f"{prefix}{field}".upper() + ": Input should be valid JSON") from None


class Settings(CheckedSettings):
    """Settings of all services. `{service}` in a value is replaced by the name of the service."""

    service: str = ""

    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: str = "SCRAM-SHA-256"
    kafka_username: str | None = None
    kafka_password_file: str | None = None
    kafka_ca_file: Path | None = None
    # Each worker process has its own fixed name in the Kafka consumer group.
    kafka_group_instance: str | None = None
    topic_prefix: str = "dayar."
    displacements_days: float = Field(default=30, gt=0)
    dead_letters_days: float = Field(default=DEAD_LETTERS_DAYS, gt=0)

    database_url: str = "postgresql://127.0.0.1:5432/dayar"
    database_password_file: str | None = None
    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_password_file: str | None = None

    host: str = "127.0.0.1"
    port: int = 8080
    state: Path = Path(".state")
    # A worker touches this file regularly. The supervisor restarts a worker that stops touching its file.
    beat_path: Path | None = None
    places_path: Path | None = None
    # `dayar watch` writes its status file into this folder. The default folder is below the state folder.
    watch_folder: Path | None = None
    public_url: str = "http://127.0.0.1:8080"
    trusted_hosts: tuple[str, ...] = ()
    forwarded_allow_ips: str | None = None
    presence_roles: tuple[str, ...] = (
        "viewer",
        "operator",
        "duty_head",
    )  # Accounts with these roles stay signed in while their board is open and connected.
    exercise: bool = Field(default=False, validation_alias="DAYAR_EXERCISE")
    # Dayar may call these host:port pairs over plain http and at private addresses.
    outbound_allow: tuple[str, ...] = ()

    institution_ky: str = "Кризистик кырдаалдарда башкаруу борбору"
    institution_ru: str = "Центр управления в кризисных ситуациях"
    institution_en: str = "Crisis Management Center"

    seal_public_key_file: Path = Path(".state/secrets/seal/public.key")
    seal_private_keys: Path = Path(".state/secrets/seal/private")
    token_public_keys: Path = Path(".state/secrets/tokens/public")
    token_private_key_file: Path = Path(".state/secrets/tokens/private.pem")
    # The folder contains a folder of signing keys for each topic.
    record_keys: str = ".state/secrets/records/{service}"
    # A consumer waits this long for an unknown signature key, and then sets the record aside. After a rotation, the new
    # key must reach every reader within this time.
    signature_key_wait_seconds: float = Field(default=600, ge=0)

    def for_service(self, service: str) -> Self:
        named = {
            name: value.replace("{service}", service)
            for name, value in self.model_dump(exclude_none=True).items()
            if isinstance(value, str) and "{service}" in value
        }
        return self.model_copy(update={**named, "service": service})

    def kept_ms(self, topic: Topic) -> int | None:
        """Return the retention time of the topic in milliseconds. None means that Kafka keeps the records for ever."""
        return None if topic.kept_days is None else round(self.displacements_days * DAY_MS)

    @property
    def dead_kept_ms(self) -> int:
        return round(self.dead_letters_days * DAY_MS)

    @property
    def counted_status(self) -> Status:
        """Only reports with this status change figures and notify people.

        An exercise counts Exercise reports, a real installation counts Actual reports.
        """
        return Status.EXERCISE if self.exercise else Status.ACTUAL

    @property
    def hosts(self) -> tuple[str, ...]:
        own = urlsplit(self.public_url).hostname or ""
        return (*(LOOPBACK if own in LOOPBACK else (own,)), *self.trusted_hosts)

    @property
    def proxies(self) -> str:
        """Return the addresses whose forwarding headers uvicorn trusts.

        The default is this machine if PUBLIC_URL is https, else none.
        """
        usual = "127.0.0.1,::1" if self.public_url.startswith("https:") else ""
        return usual if self.forwarded_allow_ips is None else self.forwarded_allow_ips


def _expectation(error: ErrorDetails, prefix: str) -> str:
    name = f"{prefix}{error['loc'][0]}".upper()
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"


def secret(file: str | Path | None) -> str | None:
    return None if file is None else Path(file).read_text(encoding="utf-8").strip()
