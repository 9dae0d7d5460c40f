"""Compares a new document with the published hazards of its source. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.intake.feeds import events
from services.intake.feeds.decisions import OLDER, FeedAction, FeedDecision, Known, decide
from services.intake.feeds.events import Stamp
from services.intake.feeds.items import Cancellation, Item, ItemKind
from shared.events import HazardReported
from shared.places.watched import WatchedArea

JOINED = FeedDecision(ItemKind.PUBLISHED, "two are one")


@dataclass
class Register:
    """The caller must publish the events in `published`, and store the hazards whose ids are in `touched`."""

    aliases: dict[str, UUID]
    hazards: dict[UUID, Known]
    published: list[HazardReported] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)

    @property
    def touched_aliases(self) -> dict[str, UUID]:
        return {name: hazard_id for name, hazard_id in self.aliases.items() if hazard_id in self.touched}

    def take(self, entry: Item | Cancellation, area: WatchedArea, stamp: Stamp) -> FeedDecision:
        named = self._named(entry.ids)
        known = named[0] if named else None
        decision = decide(entry, known, area, stamp.places)
        if decision.action is not None:
            self._publish(decision.action, entry, known, stamp)
        if known is None or decision is OLDER or isinstance(entry, Cancellation):
            return decision
        if decision.action is None:
            self._keep(replace(known, updated_ms=entry.updated_ms, preferred=entry.ids[0]), entry.ids)
        return JOINED if self._join(known, named[1:], entry, stamp) else decision

    def _named(self, ids: Iterable[str]) -> list[Known]:
        """Return the known hazards with these ids, in the order of the ids. Cancelled hazards come last."""
        hazard_ids = dict.fromkeys(self.aliases[name] for name in ids if name in self.aliases)
        return sorted((self.hazards[hazard_id] for hazard_id in hazard_ids), key=lambda known: known.is_cancelled)

    def _publish(self, action: FeedAction, entry: Item | Cancellation, known: Known | None, stamp: Stamp) -> None:
        names = tuple(dict.fromkeys((*self._names(known), *entry.ids)))
        if known is not None and action is FeedAction.CANCEL:
            hazard = events.take_back(entry, known, names, stamp)
        elif isinstance(entry, Item) and entry.hazard is not None:
            hazard = events.report(entry, entry.hazard, known, names, stamp)
        self._keep(hazard, entry.ids)
        self.published.append(hazard.event)

    def _join(self, kept: Known, others: list[Known], entry: Item, stamp: Stamp) -> bool:
        """The source has merged several hazards into one. Cancel the hazards `others`, and give their ids to `kept`."""
        live = [other for other in others if not other.is_cancelled]
        for other in live:
            hazard = events.take_back(entry, other, self._names(other), stamp)
            self._keep(hazard, ())
            self.published.append(hazard.event)
        for other in others:
            self.aliases.update(dict.fromkeys(self._names(other), kept.hazard_id))
        return bool(live)

    def _names(self, known: Known | None) -> tuple[str, ...]:
        if known is None:
            return ()
        return tuple(name for name, hazard_id in self.aliases.items() if hazard_id == known.hazard_id)

    def _keep(self, known: Known, ids: Iterable[str]) -> None:
        self.hazards[known.hazard_id] = known
        self.touched.add(known.hazard_id)
        self.aliases.update(dict.fromkeys(ids, known.hazard_id))
