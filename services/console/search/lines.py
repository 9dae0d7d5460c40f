"""Makes one line for each result: an alert, hazard, group or site. The page and the workbook show the same lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.console.map.features import in_words
from services.console.models import BoardAlert, BoardGroup, BoardHazard, BoardSite
from services.console.queries.snapshots import HAZARD_SHOWN
from services.console.search.entries import alert_title
from services.console.search.kinds import AlertProgress
from shared.country import UNKNOWN_COUNTRY
from shared.events.vocabulary import MsgType, Scope, Validity
from shared.pages import Pages, formats
from shared.pages.languages import name_in
from shared.pages.terms import N_, term
from shared.places import Places

PERSONS = N_("Group of %(count)s persons")


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One result. `status` and `scope` are codes. Only restricted hazards have a `scope`, and sites have no `at`.

    `path` is the path of the result's page. A count from an earlier version of Dayar has no page.
    """

    id: UUID
    path: str | None
    at: datetime | None
    title: str
    place: str
    severity: str | None = None
    state: str = ""
    source: str = ""
    status: str | None = None
    scope: str | None = None
    headline: str = ""  # of a hazard


@dataclass(frozen=True, slots=True)
class Related:
    sources: Mapping[UUID, str]
    sites: Mapping[UUID, BoardSite]


class ResultLines:
    def __init__(self, pages: Pages, places: Places, language: str, now: datetime) -> None:
        self._pages, self._places, self._language, self._now = pages, places, language, now
        self._title = lru_cache(1_000)(self._title_of)

    def of(self, rows: Sequence[Any], related: Related) -> list[ResultLine]:
        return [self._line(row, related) for row in rows]

    def _line(self, row: Any, related: Related) -> ResultLine:
        match row:
            case BoardAlert():
                return self._alert(row, related.sources)
            case BoardHazard():
                return self._hazard(row)
            case BoardGroup():
                return self._group(row, related.sites)
            case _:
                return self._site(row)

    def _alert(self, alert: Any, sources: Mapping[UUID, str]) -> ResultLine:
        source = sources.get(alert.hazard_id) if alert.hazard_id else None
        is_origin_unknown = bool(alert.figures.get("is_origin_unknown"))
        return ResultLine(
            alert.alert_id,
            f"/alerts/{alert.alert_id}",
            alert.raised_at,
            self._title(alert.rule, alert.hazard_type, is_origin_unknown),
            self._where(alert.pcodes),
            alert.severity,
            self._term("work", alert_state(alert)),
            self._term("source", source) if source else "",
            alert.status,
        )

    def _hazard(self, hazard: BoardHazard) -> ResultLine:
        named = hazard.type_text if hazard.type == "other" and hazard.type_text else self._term("hazard", hazard.type)
        locality = self._places.locality_name(hazard.area, hazard.locality_pcode, self._language)
        return ResultLine(
            hazard.hazard_id,
            f"/hazards/{hazard.hazard_id}",
            hazard.onset,
            named if hazard.magnitude is None else f"{named} M {hazard.magnitude:.1f}",
            " · ".join(filter(None, (self._where(hazard.pcodes), locality))),
            hazard.severity,
            self._term("validity", hazard_state(hazard, self._now)),
            self._term("source", hazard.source),
            hazard.status,
            None if hazard.scope == Scope.PUBLIC else hazard.scope,
            self._headline(hazard),
        )

    def _headline(self, hazard: BoardHazard) -> str:
        texts = (hazard.text.get(code) for code in (self._language, "ru", "en", *hazard.text))
        text = next(filter(None, texts), None)
        return text["headline"] if text else ""

    def _group(self, group: BoardGroup, sites: Mapping[UUID, BoardSite]) -> ResultLine:
        site = sites.get(group.site_id) if group.site_id else None
        named = self._site_name(site) if site else None
        address = self._places.address(
            group.destination_pcode, group.destination_locality, group.destination_locality_pcode, self._language
        )
        country = None if group.destination_pcode else group.destination_country
        abroad = formats.country(country, self._language) if country and country != UNKNOWN_COUNTRY else None
        return ResultLine(
            group.report_id,
            f"/registry/groups/{group.group_id}" if group.group_id else None,
            group.counted_at,
            self._pages.gettext(self._language, PERSONS, count=group.persons),
            ", ".join(filter(None, (named, address, abroad))),
            state=self._term("mobility", group.mobility),
            status=group.status,
        )

    def _site(self, site: BoardSite) -> ResultLine:
        address = self._places.address(site.pcode, site.locality, site.locality_pcode, self._language)
        return ResultLine(
            site.site_id, f"/registry/sites/{site.site_id}", None, self._site_name(site) or address, address
        )

    def _site_name(self, site: BoardSite) -> str:
        return name_in(self._language, (site.name_ky, site.name_ru, site.name_en))

    def _where(self, pcodes: Sequence[str]) -> str:
        return in_words(pcodes, self._language, self._places)

    def _term(self, kind: str, code: str) -> str:
        return term(kind, code, lambda text: self._pages.gettext(self._language, text))

    def _title_of(self, rule: str, hazard_type: str | None, is_origin_unknown: bool) -> str:
        return alert_title(self._pages, self._language, rule, hazard_type, is_origin_unknown)


def alert_state(alert: BoardAlert) -> AlertProgress:
    if alert.resolved_at is not None:
        return AlertProgress.CLOSED
    if alert.acknowledged_at is None:
        return AlertProgress.UNACKNOWLEDGED
    return AlertProgress.ACKNOWLEDGED if alert.progressed_at is None else AlertProgress.IN_PROGRESS


def hazard_state(hazard: BoardHazard, now: datetime) -> Validity:
    if hazard.msg_type == MsgType.CANCEL:
        return Validity.CANCELLED
    return Validity.EXPIRED if (hazard.expires or hazard.onset + HAZARD_SHOWN) <= now else Validity.IN_FORCE
