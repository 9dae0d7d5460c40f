"""Every other kind of key than the pairs that reports are sealed to: drawn anew, and the old one destroyed when nothing needs it."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from deploy.provision import record_keys
from deploy.provision.keys import CannotRetire, NoKeys, NoSuchKey
from shared import auth, keyring
from shared.seal import sync


class Kind(StrEnum):
    """What a key is for."""

    SEALING = "sealing"
    RECORDS = "records"
    HOUSEHOLDS = "households"
    DIGESTS = "digests"
    CALLERS = "callers"
    RECEIVERS = "receivers"
    MEMORY = "memory"
    TOKENS = "tokens"


RINGS = {
    Kind.HOUSEHOLDS: "registry-kek",
    Kind.DIGESTS: "digest-key",
    Kind.CALLERS: "callers-key",
    Kind.RECEIVERS: "alerts-key",
    Kind.MEMORY: "memory-key",
}

FOLLOWS = {
    Kind.RECORDS: "Records are signed with it within a minute; what the older keys signed is still believed.",
    Kind.HOUSEHOLDS: "The registry's worker wraps every household's key with it within two minutes; then the older one may be destroyed.",
    Kind.DIGESTS: "The registry's worker lays it over the stored digests within two minutes. The older ones are needed as well.",
    Kind.CALLERS: "The console's worker seals every caller anew with it within two minutes; then the older one may be destroyed.",
    Kind.RECEIVERS: "The alerts' worker seals every receiver's secret anew with it within two minutes; then the older one may be destroyed. If secrets leaked, replace them: dayar receiver rotate.",
    Kind.MEMORY: "It is used from intake's next start; what was sent before is then told apart by the inbox alone. The older one may be destroyed.",
    Kind.TOKENS: "Tokens are signed with it from now on; those of the older key are good until it is destroyed: then everybody signs in again.",
}


class KeyNewest(CannotRetire):
    """This key is in use. Draw another first (rotate)."""


class KeyWanted(CannotRetire):
    """What this key sealed has not all come under the newest one. Try again in some minutes; nothing was changed."""


class KeyKept(CannotRetire):
    """Keys of this kind are needed for as long as what they made is there; none is destroyed. Nothing was changed."""


def rotate(kind: Kind, *, folders: Mapping[Kind, Path], records: record_keys.Folders) -> list[str]:
    """The new keys' ids. Raises NoKeys."""
    if kind is Kind.RECORDS:
        return record_keys.rotate(records)
    folder = folders[kind]
    if kind is Kind.TOKENS:
        if not (folder / "private.pem").exists():
            raise NoKeys(folder)
        return [auth.generate(folder)]
    if not keyring.known(folder):
        raise NoKeys(folder)
    return [keyring.draw(folder)]


def retire(kind: Kind, key_id: str, folder: Path, *, uses: int) -> None:
    """Destroys an older key; `uses`: how much is still under it. Raises CannotRetire."""
    if kind in (Kind.DIGESTS, Kind.RECORDS):
        raise KeyKept(kind)
    files = {file.stem: file for file in (folder / "public" if kind is Kind.TOKENS else folder).iterdir()}
    newest = auth.signing_key_id(folder) if kind is Kind.TOKENS else max(keyring.known(folder), default="")
    if key_id not in files:
        raise NoSuchKey(*files)
    if key_id == newest:
        raise KeyNewest(key_id)
    if uses:
        raise KeyWanted(key_id, uses)
    files[key_id].unlink()
    sync(files[key_id].parent)
