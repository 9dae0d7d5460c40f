"""The alerts service's own settings."""

from pathlib import Path

from shared.config import Settings


class AlertsSettings(Settings):
    """`alerts_key_file` contains the 32-byte key that encrypts the receivers' secrets at rest."""

    alerts_rules: Path | None = None
    alerts_key_file: Path = Path(".state/secrets/alerts-key")

    alerts_smtp_host: str | None = None
    alerts_smtp_port: int = 587
    alerts_smtp_username: str | None = None
    alerts_smtp_password_file: str | None = None
    alerts_mail_from: str = "alerts@localhost"

    alerts_retry_seconds: float = 5.0  # the first back-off; each further back-off is twice as long
    alerts_retry_longest_seconds: float = 600.0
    alerts_retry_hours: float = 24.0  # after this time no attempt follows, and an event reports the failed delivery
    alerts_lease_seconds: float = 30.0  # longer than the 10 s that an attempt may take
    # Most concurrent attempts per receiver; a receiver that hangs delays no other. A batch of hazards that waited for
    # 100 ms at 50 a second has six alerts. Alerts without a free slot have to be claimed, which takes longer.
    alerts_at_once: int = 8
