"""What stops a backup or a restore: said in one sentence, with what to do."""


class Refused(Exception):
    """The subclass says why. Its docstring is the message, its arguments the particulars."""

    def __str__(self) -> str:
        particulars = " ".join(str(each) for each in self.args)
        message = " ".join((self.__doc__ or "").split())
        return f"{message} ({particulars})" if particulars else message


class NoTarget(Refused):
    """Nobody said where backups go. Set BACKUP_TO to a folder on another disk, or to s3://bucket/prefix."""


class TargetInside(Refused):
    """The backups would lie in the very folder that they are to replace. Set BACKUP_TO to a folder on another disk."""


class NoRecipient(Refused):
    """Backups are encrypted, and nobody said to which key. Draw a pair (dayar backup key FILE), keep FILE elsewhere, and set BACKUP_RECIPIENT to the public key."""


class BadRecipient(Refused):
    """BACKUP_RECIPIENT is not an age public key (age1...). Nothing was written."""


class DumpFailed(Refused):
    """PostgreSQL could not be dumped. No backup was made."""


class StoreFailed(Refused):
    """The place of the backups cannot be written or read. Nothing was changed."""


class NoBackup(Refused):
    """There is no backup of this name. `dayar backup list` names those there are."""


class BadKey(Refused):
    """The key file holds no age private key (AGE-SECRET-KEY-1...). Nothing was changed."""


class WrongKey(Refused):
    """This key does not open this backup, or the backup is damaged. Nothing was changed."""


class Incomplete(Refused):
    """The backup ends too early, or is of a newer release. Nothing was changed; take another one."""


class DatabaseInUse(Refused):
    """Services are connected to the database. Stop them first; nothing was changed."""


class DatabaseHolds(Refused):
    """The database of this installation is not empty. Rename or drop it first (docs/runbook.md); nothing was changed."""


class RestoreFailed(Refused):
    """PostgreSQL could not take the dump. What was there before lies aside, where the last lines say."""


class LogSilent(Refused):
    """Kafka stopped answering in the middle. Try again when it is back."""
