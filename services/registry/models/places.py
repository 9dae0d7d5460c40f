"""The decisions of people about typed names of places."""

from sqlalchemy.orm import Mapped

from services.registry.models.base import RegistryModel
from shared.messaging.models import Decision


class PlaceDecision(Decision, RegistryModel):
    """A person's decision whether two places are the same. The module `same_places` explains the keys (`unit`, `name`).

    `label` and `other_label` are the names as people typed them, or as they are listed. The newest decision about two
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
