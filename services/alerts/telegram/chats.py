"""A receiver's Telegram address is `telegram:<chat id>`, or `telegram:<chat id>/<topic id>` for a topic of a group."""

import re
from dataclasses import dataclass
from typing import Self

PREFIX = "telegram:"
ADDRESS = re.compile(r"telegram:(-?[1-9]\d{0,17})(?:/([1-9]\d{0,17}))?")


@dataclass(frozen=True, slots=True)
class Chat:
    """The chat with a person has a positive id. `topic` is set only for a group with topics."""

    id: int
    topic: int | None = None

    @classmethod
    def of(cls, address: str) -> Self:
        """Raises ValueError if the text is not a Telegram address."""
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
