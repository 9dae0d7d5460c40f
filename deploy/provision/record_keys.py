"""The keys that sign records.

Each topic has its own keys. All services that write or read a topic share the topic's keys.
"""

from collections.abc import Mapping
from pathlib import Path

from shared.crypto import keyring
from shared.events.topics import KEY_HOLDERS, SERVICES

Folders = Mapping[str, Path]  # maps each service to its folder of record keys


def folders(secrets: Path) -> Folders:
    """One folder must contain the secrets of all services."""
    return {service: secrets / "records" / service for service in SERVICES}


def draw(folders: Folders) -> None:
    """Generate a key for each topic that has none, and give the key to all services that need it."""
    for topic in KEY_HOLDERS:
        for key_id, key in sorted(_known(folders, topic).items()) or [keyring.generate({})]:
            _give(folders, topic, key_id, key)


def rotate(folders: Folders) -> list[str]:
    """Writers use the new key within a minute. Readers also accept older keys."""
    drawn = []
    for topic in KEY_HOLDERS:
        key_id, key = keyring.generate(_known(folders, topic))
        _give(folders, topic, key_id, key)
        drawn.append(key_id)
    return drawn


def known(folders: Folders) -> dict[str, list[str]]:
    """The oldest key comes first. Topics without keys are left out."""
    known = {topic: sorted(_known(folders, topic)) for topic in KEY_HOLDERS}
    return {topic: keys for topic, keys in known.items() if keys}


def files(folders: Folders, topic: str, key_id: str) -> list[Path]:
    """Files of writers are listed first: a reader needs a key longer than a writer."""
    wanted = [folders[service] / topic / f"{key_id}.key" for service in reversed(_holders(topic))]
    return [file for file in wanted if file.exists()]


def _known(folders: Folders, topic: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for service in _holders(topic):
        keys |= keyring.known(folders[service] / topic)
    return keys


def _give(folders: Folders, topic: str, key_id: str, key: bytes) -> None:
    for service in _holders(topic):
        if not (folders[service] / topic / f"{key_id}.key").exists():
            keyring.write(folders[service] / topic, key_id, key)


def _holders(topic: str) -> tuple[str, ...]:
    """Readers come first, because a reader must have a key before a writer uses it."""
    writers, readers = KEY_HOLDERS[topic]
    return tuple(dict.fromkeys((*(reader for reader in readers if reader not in writers), *writers)))
