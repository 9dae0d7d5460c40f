"""Generates and destroys keys of all kinds, except the key pairs for sealing reports, which `keys` manages."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from deploy.provision import record_keys
from deploy.provision.keys import CannotRetire, NoKeys, NoSuchKey
from shared.auth import signer
from shared.crypto import keyring
from shared.crypto.seal import sync


class Kind(StrEnum):
    SEALING = "sealing"
    RECORDS = "records"
    HOUSEHOLDS = "households"
    DIGESTS = "digests"
    SEARCH = "search"
    CALLERS = "callers"
    RECEIVERS = "receivers"
    MEMORY = "memory"
    PHONES = "phones"
    TOKENS = "tokens"


RINGS = {
    Kind.HOUSEHOLDS: "registry-kek",
    Kind.DIGESTS: "digest-key",
    Kind.SEARCH: "search-root",
    Kind.CALLERS: "callers-key",
    Kind.RECEIVERS: "alerts-key",
    Kind.MEMORY: "memory-key",
    Kind.PHONES: "phones-key",
}

FOLLOWS = {
    Kind.RECORDS: (
        "Records are signed with it within a minute. Records of an older key are accepted until that key is destroyed."
    ),
    Kind.HOUSEHOLDS: (
        "The registry's worker wraps every household's key with it within two minutes; "
        "then the older key may be destroyed."
    ),
    Kind.DIGESTS: (
        "The registry's worker applies it to the stored digests within two minutes. Older keys are still needed."
    ),
    Kind.SEARCH: (
        "The registry's worker makes every household's search keys with it, beginning within two minutes; "
        "then the older key may be destroyed. Searches find all households meanwhile."
    ),
    Kind.CALLERS: (
        "The console's worker seals every caller and second factor with it within two minutes; "
        "then the older key may be destroyed. "
        "If the older key leaked, administrators must set up their second factors again."
    ),
    Kind.RECEIVERS: (
        "The alerts' worker seals every receiver's secret, and on whose behalf alerts were acknowledged, "
        "with it within two minutes; then the older key may be destroyed. "
        "If secrets leaked, replace them: dayar receiver rotate."
    ),
    Kind.MEMORY: (
        "Intake uses it within a minute. Repeats of earlier reports are then detected by the consumers only. "
        "The older key may be destroyed."
    ),
    Kind.PHONES: (
        "Phones seal reports to it after their next contact with intake. "
        "Keep the older key for 60 days, because phones without a signal still seal to it."
    ),
    Kind.TOKENS: (
        "Tokens are signed with it from now on; "
        "tokens of the older key are valid until it is destroyed. Then everybody signs in again."
    ),
}


# writers use a new key after at most one minute; nine more minutes are a margin
TAKEN_OVER = timedelta(minutes=10)
# for this long, a phone without a signal may hold reports that are sealed to an older key
PHONES_OFFLINE = timedelta(days=60)


class KeyNewest(CannotRetire):
    """This key is in use. Generate another key first (rotate)."""


class KeyWanted(CannotRetire):
    """Data is still encrypted under this key and not yet under the newest key. Try again in some minutes.

    Nothing was changed.
    """


class KeyLaid(CannotRetire):
    """Each stored digest was made with all keys of this kind, one after the other.

    No key of this kind can be destroyed while digests are stored. Nothing was changed.
    """


class KeyFresh(CannotRetire):
    """The newer key was generated a moment ago, and this older key may still be in use.

    Try again in ten minutes; nothing was changed.
    """


class KeyOfPhones(CannotRetire):
    """Phones without a signal may still hold reports that are sealed to this key.

    This key may be destroyed 60 days after the next key was generated, and 60 days after a phone last used this key.
    Nothing was changed.
    """


class KeySigned(CannotRetire):
    """Records that this key signed are on the log, and no service would accept them any more.

    These records are deleted when the topic's retention is over. For a topic that is kept for ever, `--before DATE`
    says which records are never read again. Nothing was changed.
    """


class KeyOfDeadLetters(CannotRetire):
    """Dead letters of this topic hold records that this key signed. Without the key these could not be redriven.

    Dead letters are deleted after 90 days, or after DEAD_LETTERS_DAYS; `--before` does not change this time. Nothing
    was changed.
    """


def rotate(kind: Kind, *, folders: Mapping[Kind, Path], records: record_keys.Folders) -> list[str]:
    """Generate a key. For records, generate a key for each topic. Return the ids of the new keys. Raises NoKeys."""
    if kind is Kind.RECORDS:
        return record_keys.rotate(records)
    folder = folders[kind]
    if kind is Kind.TOKENS:
        if not (folder / "private.pem").exists():
            raise NoKeys(folder)
        return [signer.generate(folder)]
    if not keyring.known(folder):
        raise NoKeys(folder)
    return [keyring.draw(folder)]


def retire(kind: Kind, key_id: str, folder: Path, *, uses: int, now: datetime) -> list[Path]:
    """Return the files that were removed.

    Raises CannotRetire.

    `uses` is the number of rows that are still encrypted under the key. If a phone used the key a short time ago,
    `uses` is above 0.
    """
    files = {file.stem: file for file in (folder / "public" if kind is Kind.TOKENS else folder).iterdir()}
    newest = signer.signing_key_id(folder) if kind is Kind.TOKENS else max(keyring.known(folder), default="")
    if key_id not in files:
        raise NoSuchKey(*files)
    if key_id == newest:
        raise KeyNewest(key_id)
    if kind is Kind.PHONES and (uses or now - replaced_at(key_id, folder) < PHONES_OFFLINE):
        raise KeyOfPhones(key_id)
    if uses:
        raise (KeyLaid if kind is Kind.DIGESTS else KeyWanted)(key_id, uses)
    # for ten minutes after a rotation, workers may still use the older key
    if kind is Kind.SEARCH and now - keyring.drawn_at(newest) < TAKEN_OVER:
        raise KeyFresh(key_id)
    return destroy(files[key_id])


def replaced_at(key_id: str, folder: Path) -> datetime:
    """Return the time when the next newer key was generated."""
    return keyring.drawn_at(min(other for other in keyring.known(folder) if other > key_id))


def retiring(records: record_keys.Folders, key_id: str, now: datetime) -> str:
    """Return the topic of this record key, which must not be the topic's newest key. Raises CannotRetire."""
    topics = record_keys.known(records)
    topic = next((topic for topic, keys in topics.items() if key_id in keys), None)
    if topic is None:
        raise NoSuchKey(*(kid for keys in topics.values() for kid in keys))
    if key_id == max(topics[topic]):
        raise KeyNewest(key_id)
    if now - keyring.drawn_at(max(topics[topic])) < TAKEN_OVER:
        raise KeyFresh(key_id)
    return topic


def retire_record_key(records: record_keys.Folders, topic: str, key_id: str, *, uses: int, letters: int) -> None:
    """Destroys the key in the folders of all services.

    Raises KeySigned, KeyOfDeadLetters.

    `uses` is the number of records that this key signed and that a service may still read. `letters` is the number of
    dead letters whose record this key may have signed.
    """
    if uses:
        raise KeySigned(topic, uses)
    if letters:
        raise KeyOfDeadLetters(topic, letters)
    destroy(*record_keys.files(records, topic, key_id))


def destroy(*files: Path) -> list[Path]:
    for file in files:
        file.unlink()
        sync(file.parent)
    return list(files)
