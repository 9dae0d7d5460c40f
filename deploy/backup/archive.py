"""Writes and reads a backup, which is a tar file encrypted with age.

A backup without its last member is incomplete.
"""

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from deploy.backup.messages import BadKey, BadRecipient, Incomplete, WrongKey

LAST = "complete"
PRIVATE_KEY = "AGE-SECRET-KEY-"


class Archive:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))


@contextmanager
def encrypted(out: Any, recipients: list[Any]) -> Iterator[Archive]:
    """The archive is complete if the context ends without an error. After an error, the caller must discard `out`."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        encrypting = pool.submit(_encrypt, reading, out, recipients)
        try:
            with os.fdopen(writing, "wb") as plain, tarfile.open(fileobj=plain, mode="w|") as tar:
                archive = Archive(tar)
                yield archive
                archive.add(LAST, b"")
        except BrokenPipeError:
            encrypting.result()  # the encrypting thread stopped: raise the thread's error
            raise
        encrypting.result()


def _encrypt(reading: int, out: Any, recipients: list[Any]) -> None:
    with os.fdopen(reading, "rb") as plain:
        pyrage.encrypt_io(plain, out, recipients)


def extract(source: BinaryIO, identities: list[Any], folder: Path) -> None:
    """Raises WrongKey, Incomplete."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        decrypting = pool.submit(_decrypt, source, writing, identities)
        try:
            with os.fdopen(reading, "rb") as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                _write_files(tar, folder)
                while plain.read(1 << 16):
                    pass
        except tarfile.ReadError as error:
            raise _why(decrypting.exception()) from error
        if failure := decrypting.exception():
            raise _why(failure)
    if not (folder / LAST).exists():
        raise Incomplete
    (folder / LAST).unlink()


def _write_files(tar: tarfile.TarFile, folder: Path) -> None:
    """A later member replaces an earlier member of the same name.

    The members are checked here, because tarfile's filters need Python 3.11.4, and Debian 12 has 3.11.2.
    """
    for member in tar:
        file = folder / member.name
        content = tar.extractfile(member) if member.isfile() else None
        if content is None or not file.resolve().is_relative_to(folder.resolve()):
            raise tarfile.ReadError(member.name)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            shutil.copyfileobj(content, out)


def _why(error: BaseException | None) -> BaseException:
    if error is None:
        return Incomplete()
    # pyrage reports damaged data by an OSError without errno
    is_damage = isinstance(error, OSError) and error.errno is None
    return WrongKey() if is_damage or isinstance(error, pyrage.DecryptError) else error


def _decrypt(source: BinaryIO, writing: int, identities: list[Any]) -> None:
    with os.fdopen(writing, "wb") as plain, suppress(BrokenPipeError):
        pyrage.decrypt_io(source, plain, identities)


def recipients(text: str) -> list[Any]:
    """Parse public keys that are separated by spaces. Raises BadRecipient."""
    try:
        return [pyrage.x25519.Recipient.from_str(key) for key in text.split()]
    except pyrage.RecipientError as error:
        raise BadRecipient from error


def identities(file: Path) -> list[Any]:
    """Raises BadKey."""
    return identities_in(file.read_text(encoding="utf-8"), str(file))


def identities_in(text: str, name: str) -> list[Any]:
    """Parse the format of age-keygen, with one private key per line and comments after #. Raises BadKey."""
    lines = text.splitlines()
    try:
        keys = [pyrage.x25519.Identity.from_str(line.strip()) for line in lines if line.startswith(PRIVATE_KEY)]
    except pyrage.IdentityError as error:
        raise BadKey(name) from error
    if not keys:
        raise BadKey(name)
    return keys


def draw(file: Path) -> str:
    """Write a new private key into `file`, and return the public key. Raises FileExistsError if the file exists."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"# Dayar's backups; public key: {public}\n{identity}\n")
    return public
