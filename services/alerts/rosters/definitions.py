"""Reads a roster's definition from a file in TOML or JSON."""

from services.alerts import definitions
from services.alerts.rosters.rosters import Roster
from shared.errors import DocumentedError


class InvalidRoster(DocumentedError):
    """A roster in TOML or JSON is expected: a name, and layers with name, people, start, shift_hours or shift_days."""


def read(content: bytes) -> Roster:
    """Raises InvalidRoster, whose argument names each wrong field and the expected value."""
    return definitions.read(content, Roster, InvalidRoster)
