"""Generates the secrets of a new installation. Only the owner can read the files."""

import secrets
from pathlib import Path

from deploy.provision import record_keys
from shared.auth import signer
from shared.crypto import keyring, seal
from shared.events.topics import SERVICES

# Each of these names is a folder, which can contain several keys.
KEYS = ("registry-kek", "digest-key", "search-root", "memory-key", "phones-key", "callers-key", "alerts-key")
PASSWORDS = (
    "kafka-admin",
    "database-admin",
    "valkey",
    "kafka-integrator",
    *(f"{part}-{service}" for part in ("kafka", "database") for service in SERVICES),
)


def draw(folder: Path) -> None:
    """Existing secrets are never replaced."""
    for name in KEYS:
        keyring.draw_first(folder / name)
    for name in PASSWORDS:
        keep(folder / name, secrets.token_urlsafe(32).encode())
    if not (folder / "seal" / "public.key").exists():
        seal.generate(folder / "seal")
    if not (folder / "tokens" / "private.pem").exists():
        signer.generate(folder / "tokens")
    record_keys.draw(record_keys.folders(folder))


def keep(file: Path, content: bytes) -> None:
    """Atomic and durable. An existing file is kept."""
    if not file.exists():
        seal.write_whole(file, content)


def env(folder: Path) -> dict[str, str]:
    """Each service replaces `{service}` by its own name."""
    return {
        "KAFKA_PASSWORD_FILE": f"{folder}/kafka-{{service}}",
        "DATABASE_PASSWORD_FILE": f"{folder}/database-{{service}}",
        "REDIS_PASSWORD_FILE": f"{folder}/valkey",
        "SEAL_PUBLIC_KEY_FILE": f"{folder}/seal/public.key",
        "SEAL_PRIVATE_KEYS": f"{folder}/seal/private",
        "TOKEN_PUBLIC_KEYS": f"{folder}/tokens/public",
        "TOKEN_PRIVATE_KEY_FILE": f"{folder}/tokens/private.pem",
        "REGISTRY_KEK_FILE": f"{folder}/registry-kek",
        "DIGEST_KEY_FILE": f"{folder}/digest-key",
        "SEARCH_ROOT_FILE": f"{folder}/search-root",
        "MEMORY_KEY_FILE": f"{folder}/memory-key",
        "PHONES_KEY_FILE": f"{folder}/phones-key",
        "ALERTS_KEY_FILE": f"{folder}/alerts-key",
        "CALLERS_KEY_FILE": f"{folder}/callers-key",
        "RECORD_KEYS": f"{folder}/records/{{service}}",
    }
