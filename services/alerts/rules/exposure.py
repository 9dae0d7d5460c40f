"""Raises an exposure alert if displaced households, counted groups, or sites with people are in a hazard's area.

A group without a site is in the area if its settlement is in the area. If the settlement of a group is unknown, the
group's district decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.counts import Exposed
from services.alerts.projections import ListedSite
from services.alerts.rules.findings import ALERTED, RANK, Finding, Nothing, RuleKind, Situation
from services.alerts.rules.hazard import AgeRule, effective_severity
from services.alerts.rules.rule import CountingRule, Touched
from shared.events import HazardReported
from shared.events.vocabulary import MsgType, Severity
from shared.places import Places
from shared.places.areas import circle
from shared.places.watched import shapes

if TYPE_CHECKING:
    from services.alerts.changes import AlertChanges
    from services.alerts.ruleset import Ruleset


# Houses of a settlement lie at most this far from the settlement's point, even in a village along a road.
SETTLEMENT_KM = 3.0


class ExposureRule(CountingRule, AgeRule):
    floor: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedDistrict(Touched):
    hazard: HazardReported
    exposed: Exposed


@dataclass(frozen=True, slots=True)
class ExposureRules:
    """`rules` includes the rules about hazards, because these decide the hazard's severity."""

    rules: "Ruleset"

    def affected(self, changes: Sequence[tuple[HazardReported, Exposed]]) -> list[TouchedDistrict]:
        return [
            TouchedDistrict(situation_of(hazard, exposed), hazard=hazard, exposed=exposed)
            for hazard, exposed in changes
        ]

    async def load(
        self, session: AsyncSession, touched: Sequence[TouchedDistrict], alert_changes: "AlertChanges"
    ) -> None:
        """Loads nothing: the changes already have the counts."""

    def judge(self, touched: TouchedDistrict, facts: None, now: datetime) -> Finding | Nothing:  # noqa: ARG002
        exposed = touched.exposed
        if exposed.gone:
            return Nothing(exposed.gone)
        sites, persons = exposed.exposed_sites, exposed.group_persons
        return decide_exposure(
            touched.hazard, exposed.area, exposed.exposed, self.rules, now, sites=sites, group_persons=persons
        )


def situation_of(hazard: HazardReported, exposed: Exposed) -> Situation:
    return Situation(RuleKind.EXPOSURE, hazard.status, exposed.area, str(hazard.hazard_id))


def inside(hazard: HazardReported, sites: Iterable[ListedSite], places: Places) -> tuple[UUID, ...]:
    """Returns the sites in the hazard's area. `sites` must lie in districts that the hazard covers.

    A site without a point may lie within SETTLEMENT_KM of its settlement's point. If the hazard has no polygon or
    circle, or if no point is known, the whole district counts as the hazard's area. An unknown place must not prevent
    an alert. People at a site are counted, whatever hazard they fled from.
    """
    drawn = footprint(hazard)
    return tuple(site.site_id for site in sites if may_lie_in(drawn, extent_of(site, places)))


def localities_inside(hazard: HazardReported, localities: Iterable[str], places: Places) -> tuple[str, ...]:
    """People whose settlement is unknown count if the hazard covers their district, as for sites."""
    drawn = footprint(hazard)
    return tuple(code for code in localities if may_lie_in(drawn, settlement_extent(code, places)))


def footprint(hazard: HazardReported) -> list[BaseGeometry]:
    return list(shapes(hazard.area.model_copy(update={"point": None})))


def is_known_by_points(hazard: HazardReported, places: Places) -> bool:
    """Returns True if no boundaries are imported, and the area has a polygon or circle but names no district.

    Without boundaries and named districts, only points show which districts the area touches.
    """
    area = hazard.area
    return not places.has_boundaries and not area.pcodes and bool(area.polygons or area.circles)


def may_lie_in(drawn: Sequence[BaseGeometry], extent: BaseGeometry | None) -> bool:
    if not drawn or extent is None:
        return True
    return any(bool(shapely.intersects(shape, extent)) for shape in drawn)


def extent_of(site: ListedSite, places: Places) -> BaseGeometry | None:
    if site.lat is not None and site.lon is not None:
        return shapely.Point(site.lon, site.lat)
    return settlement_extent(site.locality_pcode, places)


def settlement_extent(code: str | None, places: Places) -> BaseGeometry | None:
    """Returns None if the gazetteer has no point for the settlement."""
    settlement = places.gazetteer.get(code) if code else None
    if settlement is None or settlement.lat is None or settlement.lon is None:
        return None
    return circle(settlement.lat, settlement.lon, SETTLEMENT_KM)


def decide_exposure(
    hazard: HazardReported,
    area: str,
    households: int,
    rules: "Ruleset",
    now: datetime,
    *,
    sites: Sequence[UUID] = (),
    group_persons: int = 0,
) -> Finding | Nothing:
    """The hazard itself has a separate alert.

    An exposure alert concerns displaced people in the district: households, counted groups, and sites with people
    inside the hazard's area. People are counted, whatever hazard displaced them.
    """
    rule = rules.exposure
    if rule is None or hazard.status not in ALERTED or hazard.msg_type is MsgType.CANCEL:
        return Nothing("no_rule")
    severity = effective_severity(hazard, rules)
    is_anybody_there = households >= rule.households or bool(sites) or group_persons > 0
    if RANK[severity] < RANK[rule.floor] or not is_anybody_there:
        return Nothing("below_threshold")
    # The figures have ids of sites and not names, because some readers of alerts must not see localities.
    named: dict[str, Any] = {"sites": [str(site_id) for site_id in sites]} if sites else {}
    counted = {"group_persons": group_persons} if group_persons else {}
    return Finding(
        situation=Situation(RuleKind.EXPOSURE, hazard.status, area, str(hazard.hazard_id)),
        rule="exposure",
        reason=rule.reason,
        severity=severity,
        severity_is_derived=severity != hazard.severity,
        onset=hazard.onset,
        expires=hazard.expires,
        is_suppressed=rule.is_too_old(hazard, now),
        figures={"households": households, "pcode": area, "source": hazard.source, **named, **counted},
        hazard_type=hazard.type,
        hazard_id=hazard.hazard_id,
        hazard_scope=hazard.scope,
        pcodes=(area,),
        households=households,
    )
