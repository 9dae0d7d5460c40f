"""Checks and writes all secrets in the first container, and marks the installation as an exercise or as real.

Passwords come from the environment (`make env`). The keys are generated here, and no other volume has a copy of the
keys. The argument `rotate` only generates a new pair of sealing keys. The argument `retire` only destroys the private
key of an older pair.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from deploy.containers.start import MARK, check
from deploy.provision import keys, record_keys, rotation
from deploy.provision.keys import CannotRetire
from deploy.provision.rotation import FOLLOWS, RINGS, Kind
from deploy.provision.secrets import PASSWORDS, keep
from shared.auth import signer
from shared.config import Settings
from shared.crypto import keyring, seal
from shared.errors import DocumentedError
from shared.events.topics import CONTRACT, SERVICES

SECRETS = Path("/secrets")
INSTALLATION = MARK.parent
OWN_KEYS = {
    "intake": ("memory-key", "phones-key"),
    "registry": ("registry-kek", "digest-key", "search-root"),
    "alerts": ("alerts-key",),
    "console": ("callers-key",),
}
OWN_PASSWORDS = {
    "intake": ("kafka", "database", "valkey"),
    "registry": ("kafka", "database"),
    "alerts": ("kafka", "database"),
    "console": ("kafka", "database", "valkey"),
}
# The command `dayar` uses this login of the registry to write decisions about held reports. The command gets no key of
# the registry.
OF_COMMAND = SECRETS / "command"
RECORD_KEYS = {service: SECRETS / service / "records" for service in SERVICES}
KEY_FOLDERS = {
    kind: SECRETS / service / name
    for kind, name in RINGS.items()
    for service, names in OWN_KEYS.items()
    if name in names
} | {Kind.TOKENS: SECRETS / "console" / "tokens"}
OTHER_KINDS = frozenset(kind.value for kind in Kind) - {Kind.SEALING}
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class OtherMark(DocumentedError):
    """An installation is an exercise or it is not, from its first start and for ever.

    Leave DAYAR_EXERCISE out, or start another installation: docker compose -p NAME.
    """


class EarlierVolumes(DocumentedError):
    """These volumes were written by an earlier build.

    Use that build, or start anew: docker compose down --volumes, or docker compose -p NAME; nothing was changed.
    """


class NewerVolumes(DocumentedError):
    """These volumes were written by a newer release.

    Use that release, or start anew: docker compose -p NAME; nothing was changed.
    """


class NeitherYesNorNo(DocumentedError):
    """DAYAR_EXERCISE is 1 for an exercise, 0 or nothing for the real installation."""


def main() -> None:
    os.umask(0o077)
    match sys.argv[1:]:
        case []:
            prepare()
        case ["rotate", word] if word in OTHER_KINDS:
            kind = Kind(word)
            drawn = rotation.rotate(kind, folders=KEY_FOLDERS, records=RECORD_KEYS)
            if kind is Kind.TOKENS:
                publish(KEY_FOLDERS[kind] / "public" / f"{drawn[0]}.pem", INSTALLATION / "tokens")
            print(f"{' '.join(drawn)} generated. {FOLLOWS[kind]} Back up the volumes secrets-*.")
        case ["rotate"] | ["rotate", "sealing"]:
            kid = rotate(SECRETS / "sealing", INSTALLATION)
            print(f"{kid} generated. Reports use it within 10 minutes. Back up secrets-sealing and installation.")
        case ["retire", kid]:
            try:
                retire(SECRETS / "sealing", kid, datetime.now(UTC))
            except CannotRetire as error:
                sys.exit(str(error))
            print(f"{kid} is destroyed here. Destroy its backups too.")
        case words:
            sys.exit(f"There are two words, rotate and retire KID; not {' '.join(words)}.")


def prepare() -> None:
    passwords = {name: os.environ.get(variable(name), "") for name in PASSWORDS}
    try:
        check({variable(name): password for name, password in passwords.items()})
        hold_to_contract(INSTALLATION)
        mark(MARK, os.environ.get("DAYAR_EXERCISE", ""))
    except DocumentedError as error:
        sys.exit(str(error))
    draw_keys()
    lay_passwords(passwords)


def variable(name: str) -> str:
    """Returns the variable's name: KAFKA_INTAKE_PASSWORD for `kafka-intake`."""
    return f"{name.replace('-', '_').upper()}_PASSWORD"


def hold_to_contract(installation: Path) -> None:
    """Writes the version of the record layout into new volumes. Raises EarlierVolumes, NewerVolumes."""
    file = installation / "contract"
    if not (installation / MARK.name).exists():
        # Write this file before MARK: volumes with MARK but without this file count as volumes of an earlier build.
        keep(file, str(CONTRACT).encode())
    written = int(file.read_text(encoding="ascii")) if file.exists() else 1
    if written > CONTRACT:
        raise NewerVolumes
    if written < CONTRACT:
        raise EarlierVolumes


def mark(file: Path, wanted: str) -> None:
    """Raises OtherMark, NeitherYesNorNo."""
    if wanted and wanted.lower() not in YES + NO:
        raise NeitherYesNorNo(wanted)
    is_exercise = str(wanted.lower() in YES).lower()
    if not file.exists():
        keep(file, is_exercise.encode())
    elif wanted and file.read_text(encoding="ascii") != is_exercise:
        raise OtherMark(f"DAYAR_EXERCISE={wanted}; this one is marked {file.read_text(encoding='ascii')}")


def draw_keys() -> None:
    """Generate missing keys. `publish` copies the public keys to the volume that all services can read."""
    for service, names in OWN_KEYS.items():
        for name in names:
            keyring.draw_first(SECRETS / service / name)
    if not (SECRETS / "sealing" / "public.key").exists():
        seal.generate(SECRETS / "sealing")
    if not (SECRETS / "console" / "tokens" / "private.pem").exists():
        signer.generate(SECRETS / "console" / "tokens")
    record_keys.draw(RECORD_KEYS)
    publish(SECRETS / "sealing" / "public.key", INSTALLATION / "seal")
    for key in (SECRETS / "console" / "tokens" / "public").iterdir():
        publish(key, INSTALLATION / "tokens")


def rotate(sealing: Path, installation: Path) -> str:
    """Return the new key's id. The older keys stay, because they decrypt earlier reports."""
    kid = seal.generate(sealing)
    publish(sealing / "public.key", installation / "seal")
    return kid


def retire(sealing: Path, kid: str, now: datetime) -> None:
    """Raises CannotRetire while a report in Kafka or in intake's spool may be sealed to the key."""
    settings = Settings(
        seal_public_key_file=sealing / "public.key", seal_private_keys=sealing / "private", DAYAR_EXERCISE=False
    )  # `Settings` requires DAYAR_EXERCISE; `retire` does not use the value
    keys.retire(settings, kid, now)


def publish(key: Path, folder: Path) -> None:
    """The write is atomic, because a service may read the file meanwhile."""
    folder.mkdir(exist_ok=True)
    seal.write_whole(folder / key.name, key.read_bytes())


def lay_passwords(passwords: Mapping[str, str]) -> None:
    """Replaces the written passwords, because a password in the environment may have changed."""
    for service, servers in OWN_PASSWORDS.items():
        for server in servers:
            name = server if server in passwords else f"{server}-{service}"
            seal.write_private(SECRETS / service / server, passwords[name].encode())
    seal.write_private(OF_COMMAND / "database", passwords["database-registry"].encode())


if __name__ == "__main__":
    main()
