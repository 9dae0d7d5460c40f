"""The settings of `dayar watch`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from shared.mail.server import MailServerSettings

ADDRESS = r"[^@\s,]+@[^@\s,]+"


class WatchSettings(MailServerSettings):
    """Mails go to `watch_mail_to` through the alerts' mail server, and a POST goes to `watch_webhook`.

    `watch_services` has the address of each service; by default, these are the addresses of `make run`.
    `watch_workers` are the workers whose heartbeat files are in `watch_beats`.
    """

    watch_mail_to: Annotated[tuple[Annotated[str, Field(pattern=f"^{ADDRESS}$")], ...], NoDecode] = ()
    watch_webhook: str | None = None
    watch_language: Literal["ky", "ru", "en"] = "ky"
    watch_repeat_seconds: float = Field(default=3600, ge=60)

    watch_services: dict[str, str] = Field(default={})
    watch_workers: tuple[str, ...] = ()
    watch_beats: Path | None = None
    watch_disks: tuple[Path, ...] = ()

    ntp_server: str | None = None

    @field_validator("watch_mail_to", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @property
    def services(self) -> dict[str, str]:
        base = f"http://{self.host}:{self.port}"
        return self.watch_services or {
            "intake": f"{base}/intake",
            "registry": f"{base}/registry",
            "alerts": f"{base}/alerts",
            "console": base,
        }

    @property
    def beats(self) -> Path:
        return self.watch_beats or self.state / "run" / "beats"

    @property
    def disks(self) -> tuple[Path, ...]:
        return self.watch_disks or (self.state,)
