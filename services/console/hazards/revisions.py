"""Keeps the newest revision of each restricted hazard in memory.

The stream compares a new revision with the kept revision, to tell another system that a hazard has left its grant.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from services.console.models import BoardHazard
from services.console.visibility import HAZARDS
from shared.events.hazards import RESTRICTED_HAZARDS

Revision = Mapping[str, Any]  # the fields that decide who may see a hazard, with their names in the event


class HazardRevisions:
    """Takes the revisions from the database at the start, and from the records of the stream afterwards."""

    def __init__(self) -> None:
        self._read: dict[str, Revision] = {}
        self._stored: dict[str, Revision] = {}

    def store(self, hazards: Iterable[BoardHazard]) -> None:
        self._stored = {
            str(row.hazard_id): {"revision": row.revision, "scope": row.scope, "area": {"pcodes": row.pcodes}}
            for row in hazards
        }

    def replaced(self, topic: str, data: Mapping[str, Any]) -> Revision | None:
        """Returns the revision that this record replaces.

        Returns None for a release, for the first revision of a hazard, and for a record that is older than the known
        revision.
        """
        if topic not in HAZARDS or data.get("released_revision") is not None:
            return None
        hazard_id, revision = data["hazard_id"], data["revision"]
        earlier = self._read.get(hazard_id)
        if earlier is not None and earlier["revision"] >= revision:
            return None
        if topic == RESTRICTED_HAZARDS:
            pcodes = data["area"].get("pcodes") or []
            self._read[hazard_id] = {"revision": revision, "scope": data.get("scope"), "area": {"pcodes": pcodes}}
        else:
            self._read.pop(hazard_id, None)
        stored = self._stored.pop(hazard_id, None)
        if earlier is None and stored is not None and stored["revision"] < revision:
            return stored
        return earlier
