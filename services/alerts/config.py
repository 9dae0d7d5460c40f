"""Reads the settings that only the alerts service has."""

from pathlib import Path

from shared.mail.server import MailServerSettings


class AlertsSettings(MailServerSettings):
    """`alerts_key_file` has the 32-byte key that encrypts the stored secrets of receivers."""

    alerts_rules: Path | None = None
    alerts_checklists: Path | None = None  # The checklists in this folder replace the standard checklists.
    alerts_key_file: Path = Path(".state/secrets/alerts-key")

    alerts_telegram_token_file: str | None = None
    alerts_telegram_api: str = "https://api.telegram.org"

    alerts_sms_profile: Path | None = None
    alerts_sms_secret_file: str | None = None
    alerts_sms_inbound_secret_file: str | None = None

    # The wait after the first failure of a delivery. Each further wait is twice as long.
    alerts_retry_seconds: float = 5.0
    alerts_retry_longest_seconds: float = 600.0
    # If a delivery is older than this, the next failure is final, and an event reports the failure.
    alerts_retry_hours: float = 24.0
    alerts_lease_seconds: float = 30.0  # A lease must last longer than an attempt, which may take 10 s.
    # Each receiver has its own limit, so that a receiver that hangs delays no other receiver. A delivery above the
    # limit waits until the delivery loop claims it.
    alerts_at_once: int = 8
