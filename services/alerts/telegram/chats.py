"""A receiver's address in Telegram is `telegram:<chat id>` or `telegram:<chat id>/<topic id>`."""

import re
from dataclasses import dataclass
from typing import Self

PREFIX = "telegram:"
ADDRESS = re.compile(r"telegram:(-?[1-9]\d{0,17})(?:/([1-9]\d{0,17}))?")


@dataclass(frozen=True, slots=True)
class Chat:
    """A person's chat has a positive id. `topic` is the topic, if the group has topics."""

    id: int
    topic: int | None = None

    @classmethod
    def of(cls, address: str) -> Self:
        """Raises ValueError if the text is no address."""
        parts = ADDRESS.fullmatch(address)
        if parts is None:
            raise ValueError("telegram:<chat id> or telegram:<chat id>/<topic id> is expected")
        return cls(int(parts[1]), int(parts[2]) if parts[2] else None)

    @property
    def address(self) -> str:
        return f"{PREFIX}{self.id}" + ("" if self.topic is None else f"/{self.topic}")

    @property
    def is_group(self) -> bool:
        return self.id < 0
