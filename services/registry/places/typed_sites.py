"""Finds the site of a count whose report names the site only in words. No I/O."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from services.registry.places.same_places import NONE_JOINED, PlaceKey, SamePlaces, site_key
from shared.places.localities import joined

SiteNames = tuple[UUID, str, Sequence[str | None]]  # id, P-code and names of a site


class TypedSites:
    """`same` has the groups of names that mean one place by people's decisions.

    If several sites in one unit have the same name, the name means none of them. If the typed text is no name of a
    site, it means the site to whose name people have joined the text.
    """

    def __init__(self, sites: Iterable[SiteNames], same: SamePlaces = NONE_JOINED) -> None:
        self.same = same
        named = defaultdict[tuple[str, str], set[UUID]](set)
        self._words = defaultdict[UUID, set[tuple[str, str]]](set)
        for site_id, pcode, names in sites:
            for name in filter(None, names):
                named[pcode, joined(name)].add(site_id)
                self._words[site_id].add((pcode, joined(name)))
        self._meant = {key: next(iter(ids)) for key, ids in named.items() if len(ids) == 1}

    def meant(self, pcode: str | None, words: str | None) -> UUID | None:
        if not pcode or not words:
            return None
        place = pcode, joined(words)
        return self._meant.get(place) or self.same.site(place) or self._joined(place)

    def _joined(self, place: PlaceKey) -> UUID | None:
        """Returns the site that has one of the joined names.

        If several sites have one of the joined names, returns None.
        """
        sites = {self._meant[same] for same in self.same.all_of(place) if same in self._meant}
        return sites.pop() if len(sites) == 1 else None

    def words(self, site_id: UUID) -> Iterable[tuple[str, str]]:
        """A count may name the site by P-code and name."""
        own = self._words.get(site_id, set()) | {site_key(site_id)}
        names = {place for name in own for place in self.same.all_of(name)} - {site_key(site_id)}
        return {(pcode, name) for pcode, name in names if self.meant(pcode, name) == site_id}
