"""Errors that stop a backup or a restore. The text of each error says what is wrong and what to do."""

from shared.errors import DocumentedError


class Refused(DocumentedError):
    """A backup or a restore is refused."""


class NoTarget(Refused):
    """BACKUP_TO is not set. Set it to a folder on another disk, or to s3://bucket/prefix."""


class TargetInside(Refused):
    """The backups would lie in the folder that they are meant to replace. Set BACKUP_TO to a folder on another disk."""


class NoRecipient(Refused):
    """Backups are encrypted, and BACKUP_RECIPIENT is not set.

    Generate a pair of keys (dayar backup key FILE), keep FILE elsewhere, and set BACKUP_RECIPIENT to the public key.
    """


class BadRecipient(Refused):
    """BACKUP_RECIPIENT is not an age public key (age1...). Nothing was written."""


class DumpFailed(Refused):
    """PostgreSQL could not be dumped. No backup was made."""


class WithoutRecords(Refused):
    """A backup is kept, but lacks records of Kafka that wait to be processed."""


class WithoutTopics(WithoutRecords):
    """Topics that the services have read do not exist in Kafka. The backup is kept, without their records.

    If nobody deleted the topics, start Dayar, which creates them, and make another backup.
    """


class WithoutLog(WithoutRecords):
    """Kafka did not answer. The backup has the database and the files, but no record that waits to be processed.

    The backup is kept. Make another backup when Kafka answers.
    """


class StoreFailed(Refused):
    """The store of the backups cannot be written or read. Nothing was changed."""


class NoBackup(Refused):
    """There is no backup of this name. `dayar backup list` prints the names."""


class BadKey(Refused):
    """The key file holds no age private key (AGE-SECRET-KEY-1...). Nothing was changed."""


class WrongKey(Refused):
    """This key does not open this backup, or the backup is damaged. Nothing was changed."""


class Incomplete(Refused):
    """The backup ends too early, or is of a newer release. Nothing was changed; use another backup."""


class OtherLayout(Refused):
    """This backup is of another build, whose records this build does not read. Restore it with that build.

    Nothing was changed.
    """


class DatabaseInUse(Refused):
    """Services are connected to the database. Stop them first; nothing was changed."""


class DatabaseHolds(Refused):
    """The database of this installation is not empty.

    Rename or drop it first (docs/runbook.md); nothing was changed.
    """


class RestoreFailed(Refused):
    """PostgreSQL did not accept the dump. The last lines name the folder in which the former state is kept."""


class LogSilent(Refused):
    """Kafka stopped answering during the work. Try again when Kafka answers."""
