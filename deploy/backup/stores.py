"""The stores of backups: a folder, or an S3-compatible bucket. No store shows an incomplete backup."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from deploy.backup.messages import NoBackup, NoTarget, StoreFailed
from deploy.backup.settings import BackupSettings
from shared.config import secret
from shared.crypto.seal import sync

SUFFIX = ".tar.age"
STAMP = "%Y%m%dT%H%M%SZ"
STALE_SECONDS = 86_400
TIMEOUT = timedelta(seconds=60)


class Store(Protocol):
    def writing(self, name: str) -> AbstractContextManager[Any]: ...

    def reading(self, name: str) -> AbstractContextManager[Any]: ...

    def names(self) -> list[str]: ...

    def size(self, name: str) -> int: ...

    def remove(self, name: str) -> None: ...


class Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_stale()
        unfinished = self._folder / f".{name}.unfinished"
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._folder / name)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(self._folder)

    def _remove_stale(self) -> None:
        """Killed backups leave unfinished files."""
        for file in self._folder.glob(".*.unfinished"):
            if time.time() - file.stat().st_mtime > STALE_SECONDS:
                file.unlink()

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        try:
            file = (self._folder / name).open("rb")
        except FileNotFoundError:
            raise NoBackup(name) from None
        with file:
            yield file

    def names(self) -> list[str]:
        return sorted(file.name for file in self._folder.glob(f"*{SUFFIX}"))

    def size(self, name: str) -> int:
        return (self._folder / name).stat().st_size

    def remove(self, name: str) -> None:
        (self._folder / name).unlink()


class Bucket:
    """Certificates are checked. Only an endpoint whose URL begins with http:// is used without TLS."""

    def __init__(self, address: str, settings: BackupSettings) -> None:
        url = urlsplit(address)
        endpoint = settings.s3_endpoint
        self._store = S3Store(
            url.netloc,
            prefix=url.path.strip("/") or None,
            endpoint=endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_key_id,
            secret_access_key=secret(settings.s3_secret_file),
            virtual_hosted_style_request=False,
            client_options={"timeout": TIMEOUT, "allow_http": bool(endpoint and endpoint.startswith("http://"))},
        )

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        with _failures_translated():
            writer = obstore.open_writer(self._store, name)
            yield writer
            writer.close()  # the store shows the object only after this call

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        with _failures_translated():
            try:
                file = obstore.open_reader(self._store, name)
            except FileNotFoundError:
                raise NoBackup(name) from None
            yield Reader(file)

    def names(self) -> list[str]:
        with _failures_translated():
            paths = [meta["path"] for batch in obstore.list(self._store) for meta in batch]
        return sorted(name for name in paths if name.endswith(SUFFIX))

    def size(self, name: str) -> int:
        with _failures_translated():
            return obstore.head(self._store, name)["size"]

    def remove(self, name: str) -> None:
        with _failures_translated():
            obstore.delete(self._store, name)


class Reader:
    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        return bytes(self._file.read(None if size < 0 else size))


@contextmanager
def _failures_translated() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise StoreFailed(type(error).__name__) from error


def of(settings: BackupSettings) -> Store:
    """Raises NoTarget."""
    if not settings.to:
        raise NoTarget
    return Bucket(settings.to, settings) if settings.to.startswith("s3://") else Folder(Path(settings.to).absolute())


def made_at(name: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.strptime(name.removesuffix(SUFFIX).rpartition("-")[2], STAMP).replace(tzinfo=UTC)
    return None


def prune(store: Store, kind: str, now: datetime, keep: timedelta) -> None:
    """Remove backups of this kind (exercise or real) that are older than `keep`. The newest backup is kept."""
    own = [name for name in store.names() if name.startswith(f"dayar-{kind}-")]
    for name in own[:-1]:
        at = made_at(name)
        if at is not None and at < now - keep:
            store.remove(name)
