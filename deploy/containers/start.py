"""What a container does before its program: refuses secrets that are none, and reads what the installation is.

Needs the standard library alone, as it stands in every image.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

MARK = Path("/installation/exercise")
PLACES = Path("/places/places.geojson")
SHORTEST = 24
EXAMPLES = ("change", "example", "password", "secret")
OTHERS = ("ALERTS_SMTP_PASSWORD_FILE", "KAFKA_CA_FILE")  # theirs to choose, not ours to judge


class BadSecret(Exception):
    """This secret is empty, too short or an example. Remove its line from .env, then `make env` draws a good one; nothing was started."""

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.__doc__}"


def main() -> None:
    environment = dict(os.environ)
    service = environment.get("SERVICE")
    try:
        check_files(secret_files(environment, service or ""))
    except BadSecret as error:
        sys.exit(str(error))
    environment |= installation()
    module = f"services.{service}" if service else "cli"
    os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], environment)  # noqa: S606 - our own program


def secret_files(environment: Mapping[str, str], service: str) -> list[Path]:
    """Those of our own that the settings name and this container has."""
    named = [value for name, value in environment.items() if name.endswith("_FILE") and name not in OTHERS]
    return [file for value in named if (file := Path(value.replace("{service}", service))).is_file()]


def check_files(files: Iterable[Path]) -> None:
    """Raises BadSecret."""
    for file in files:
        content = file.read_bytes()
        if not content or (content.isascii() and is_bad(content.decode())):
            raise BadSecret(file)


def check(passwords: Mapping[str, str]) -> None:
    """Raises BadSecret."""
    for name, password in passwords.items():
        if is_bad(password):
            raise BadSecret(name)


def is_bad(password: str) -> bool:
    said = password.strip().lower()
    return len(said) < SHORTEST or len(set(said)) < SHORTEST // 4 or any(example in said for example in EXAMPLES)


def installation() -> dict[str, str]:
    """What is marked for ever, and the places' bundle where one was imported; outside these volumes nothing."""
    found = {}
    if MARK.is_file():
        found["DAYAR_EXERCISE"] = MARK.read_text(encoding="ascii").strip()
    if PLACES.is_file():
        found["PLACES_PATH"] = str(PLACES)
    return found


if __name__ == "__main__":
    main()
