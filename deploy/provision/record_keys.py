"""The keys that records are signed with: one per topic, given to its writers and to its readers among our services only."""

from collections.abc import Mapping
from pathlib import Path

from shared.crypto import keyring
from shared.events.topics import KEY_HOLDERS, SERVICES

Folders = Mapping[str, Path]  # of each service: its `RECORD_KEYS`


def folders(secrets: Path) -> Folders:
    """Where one folder holds the secrets of all services."""
    return {service: secrets / "records" / service for service in SERVICES}


def draw(folders: Folders) -> None:
    """Draws the key of each topic that has none, and completes what an interrupted start or a new reader lacks."""
    for topic in KEY_HOLDERS:
        for key_id, key in sorted(_known(folders, topic).items()) or [keyring.generate({})]:
            _give(folders, topic, key_id, key)


def rotate(folders: Folders) -> list[str]:
    """Draws another key for each topic, in force within a minute; what older keys signed is still read."""
    drawn = []
    for topic in KEY_HOLDERS:
        key_id, key = keyring.generate(_known(folders, topic))
        _give(folders, topic, key_id, key)
        drawn.append(key_id)
    return drawn


def known(folders: Folders) -> dict[str, list[str]]:
    """The key ids of each topic that has any, the oldest first."""
    found = {topic: sorted(_known(folders, topic)) for topic in KEY_HOLDERS}
    return {topic: keys for topic, keys in found.items() if keys}


def files(folders: Folders, topic: str, key_id: str) -> list[Path]:
    """Where this key lies: writers first, so that nothing is signed with what readers do not have."""
    wanted = [folders[service] / topic / f"{key_id}.key" for service in reversed(_holders(topic))]
    return [file for file in wanted if file.exists()]


def _known(folders: Folders, topic: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for service in _holders(topic):
        found |= keyring.known(folders[service] / topic)
    return found


def _give(folders: Folders, topic: str, key_id: str, key: bytes) -> None:
    for service in _holders(topic):
        if not (folders[service] / topic / f"{key_id}.key").exists():
            keyring.write(folders[service] / topic, key_id, key)


def _holders(topic: str) -> tuple[str, ...]:
    """Readers first: nothing is signed with a key that they do not have."""
    writers, readers = KEY_HOLDERS[topic]
    return tuple(dict.fromkeys((*(each for each in readers if each not in writers), *writers)))
