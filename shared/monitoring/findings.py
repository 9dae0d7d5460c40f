"""The findings of `dayar watch`: a code with values. `shared.pages.findings` has the sentence for each code."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Level(StrEnum):
    """A person must act on a failure now, and on a warning within days."""

    WARNING = "warning"
    FAILED = "failed"


class FindingKind(StrEnum):
    SERVICE_SILENT = "service_silent"
    SERVER_AWAY = "server_away"
    WORKER_SILENT = "worker_silent"
    WORKER_RESTARTS = "worker_restarts"
    FEED_SILENT = "feed_silent"
    RECORDS_WAIT = "records_wait"
    CONSUMER_STOPPED = "consumer_stopped"
    LEDGER_UNBALANCED = "ledger_unbalanced"
    DEAD_LETTERS = "dead_letters"
    HELD_OLD = "held_old"
    DISK_FULL = "disk_full"
    DISK_UNWRITABLE = "disk_unwritable"
    CLOCK_WRONG = "clock_wrong"
    CLOCK_UNCHECKED = "clock_unchecked"
    CHANNEL_FAILING = "channel_failing"
    DELIVERIES_OVERDUE = "deliveries_overdue"
    ESCALATIONS_OVERDUE = "escalations_overdue"
    BOT_WITHOUT_UPDATES = "bot_without_updates"
    ALERTS_UNREADABLE = "alerts_unreadable"
    DELIVERIES_ABANDONED = "deliveries_abandoned"
    ALERTS_UNSENT = "alerts_unsent"
    BACKUP_NEVER = "backup_never"
    BACKUP_FAILED = "backup_failed"
    BACKUP_OVERDUE = "backup_overdue"
    CERTIFICATE_ENDS = "certificate_ends"
    CERTIFICATE_UNREADABLE = "certificate_unreadable"
    TOKENS_END = "tokens_end"
    CHECK_BLIND = "check_blind"


class MonitoringFinding(BaseModel):
    """`subject` distinguishes findings of the same kind. `values` fill the sentence of the finding."""

    model_config = ConfigDict(frozen=True)

    kind: FindingKind
    level: Level
    subject: str = ""
    values: dict[str, str | int | float] = {}

    @property
    def key(self) -> str:
        return f"{self.kind} {self.subject}"
