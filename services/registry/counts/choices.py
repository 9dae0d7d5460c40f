"""Persons choose which of several differing counts is right. No I/O.

A choice is about one version of each of two reports. A choice becomes invalid if one of the two reports is corrected.
A choice also becomes invalid if a person answers later that the two counts are about different hazards.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from services.registry.counts.headcounts import Headcount


class CountChoice(NamedTuple):
    report_id: str
    version: int
    other_id: str
    other_version: int

    def concerns(self, chosen: "Headcount", other: "Headcount") -> bool:
        is_same_version = (chosen.clear.version, other.clear.version) == (self.version, self.other_version)
        are_recounts = chosen.clear.is_full_recount and other.clear.is_full_recount
        is_same_population = chosen.population is not None and chosen.population == other.population
        is_one_hazard = chosen.hazard_id == other.hazard_id or None in (chosen.hazard_id, other.hazard_id)
        return is_same_version and are_recounts and is_same_population and is_one_hazard


def refused(counts: Mapping[str, "Headcount"], choices: Iterable[CountChoice]) -> dict[str, "Headcount"]:
    """Maps the report id of each wrong count to the chosen count. The oldest choice comes first.

    A count that an earlier choice found wrong cannot be chosen later. Without this rule, two choices could find both
    counts wrong, and no count would be in effect.
    """
    chosen_counts: dict[str, Headcount] = {}
    for choice in choices:
        chosen, other = counts.get(choice.report_id), counts.get(choice.other_id)
        if chosen and other and choice.concerns(chosen, other) and chosen.report_id not in chosen_counts:
            chosen_counts[other.report_id] = chosen
    return chosen_counts
