"""The alerts service's own settings."""

from pathlib import Path

from shared.mail.server import MailServerSettings


class AlertsSettings(MailServerSettings):
    """`alerts_key_file` contains the 32-byte key that encrypts the receivers' secrets at rest."""

    alerts_rules: Path | None = None
    alerts_checklists: Path | None = None  # the folder's checklists replace the standard checklists
    alerts_key_file: Path = Path(".state/secrets/alerts-key")

    alerts_telegram_token_file: str | None = None
    alerts_telegram_api: str = "https://api.telegram.org"

    alerts_sms_profile: Path | None = None
    alerts_sms_secret_file: str | None = None
    alerts_sms_inbound_secret_file: str | None = None

    alerts_retry_seconds: float = 5.0  # the first wait; each further wait is twice as long
    alerts_retry_longest_seconds: float = 600.0
    # a delivery that is older than this limit fails, and an event reports the failure
    alerts_retry_hours: float = 24.0
    alerts_lease_seconds: float = 30.0  # a lease is longer than the 10 s that an attempt may take
    # The limit is per receiver, so that a receiver that hangs delays no other receiver. Above the limit, deliveries
    # wait until the delivery loop claims them.
    alerts_at_once: int = 8
