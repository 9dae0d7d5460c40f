"""The decisions of people about typed names of places, and the people to whom such questions are assigned."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import Assigned, RegistryModel
from shared.messaging.models import Decision


class PlaceDecision(Decision, RegistryModel):
    """The module `same_places` explains the keys (`unit`, `name`).

    `label` and `other_label` are the typed names, or the names in the list of sites. The newest decision about two
    places is valid.
    """

    __tablename__ = "place_decisions"

    unit: Mapped[str]
    name: Mapped[str]
    other_unit: Mapped[str]
    other_name: Mapped[str]
    district: Mapped[str]
    label: Mapped[str]
    other_label: Mapped[str]
    answer: Mapped[str]


class PlaceAssignment(Assigned, RegistryModel):
    """If people join one of the places to a third place, a new question arises, which is assigned to nobody."""

    __tablename__ = "place_assignments"

    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
