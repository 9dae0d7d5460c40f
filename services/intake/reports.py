"""Turns a validated report into a sealed record. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from pydantic import TypeAdapter

from services.intake import structs, unchecked
from services.intake.clocks import Clocks, correction, is_ahead
from services.intake.refusals import Invalid
from services.intake.structs import DisplacementStruct
from shared.auth.tokens import Principal, Role
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.crypto import seal
from shared.crypto.seal import Sealer
from shared.events import (
    CENTRE,
    CENTRE_ACCOUNT,
    CORRECTION,
    GroupReport,
    GroupReported,
    HazardCancelled,
    HazardReport,
    HazardReported,
    HazardUpdated,
    HouseholdMovementReported,
    HouseholdReport,
    HouseholdReported,
    Message,
    Place,
    Point,
    derived_id,
    event_name,
    message,
    raw_message,
    written,
)
from shared.events.displacements import UncorrectedReportTimes
from shared.events.hazards import WITHDRAWN_HAZARD, UncorrectedHazardTimes
from shared.events.movements import MovementBody
from shared.events.vocabulary import Flag, MsgType, Scope, SubmissionChannel
from shared.places import Places

SOURCE = "/intake"

HAZARD_EVENTS: dict[MsgType, type[HazardReported]] = {
    MsgType.ALERT: HazardReported,
    MsgType.UPDATE: HazardUpdated,
    MsgType.CANCEL: HazardCancelled,
}

MOVEMENTS = ("household_movement", "group_movement", "site_movement")
MOVED = HouseholdMovementReported.event_type
REGISTRARS = frozenset({Role.REGISTRAR})
MOVE_SITES = frozenset({Role.REGISTRAR, Role.OPERATOR, Role.DUTY_HEAD})
# Maps each kind of report to the event types of its first version and of its corrections.
EVENT_TYPES_OF = {
    "household": (HouseholdReported.event_type, CORRECTION),
    "group": (GroupReported.event_type, CORRECTION),
    **dict.fromkeys(MOVEMENTS, (MOVED, MOVED)),
}
NAME_HEADER = "name"  # only records in the spool have this header
_hazard = TypeAdapter(HazardReport).serializer.to_json


class Draft(Protocol):
    """A validated report with its author, before intake seals the report."""

    name: bytes  # author, report id and version
    channel: SubmissionChannel
    report_id: str
    event_id: str
    unchecked: bytes | None  # the credential, if intake could not check it when the report came

    @property
    def content(self) -> bytes:
        """The canonical bytes of the report. Equal reports have equal bytes."""
        ...

    def finish(self, sealer: Sealer) -> Message: ...


@dataclass(slots=True)
class DisplacementDraft:
    """The draft of a household, group or movement. Ids are strings, so that no UUID must be converted.

    `stamps` are the JSON members that intake adds: author, team, channel, received_at, places_version and flags. If a
    registrar reports a movement, `stamps` also contains registrar_areas.
    """

    name: bytes
    channel: SubmissionChannel
    report_id: str
    event_id: str
    author: str
    event_type: str
    key: str
    clear: bytes
    plain: bytes
    stamps: str
    received_at: datetime
    traceparent: str | None = None
    unchecked: bytes | None = None
    # If intake corrected a time or added a code, `original` is the content before this change. A second copy of the
    # report comes without the change, and must be recognised as equal.
    original: bytes | None = None

    @property
    def content(self) -> bytes:
        return self.original or content_of(self.clear, self.plain)

    def finish(self, sealer: Sealer) -> Message:
        clear = b"%b,%b}" % (self.clear[:-1], self.stamps.encode())
        aad = seal.report_aad(kid=sealer.kid, event_type=self.event_type, event_id=self.event_id, clear=clear)
        value = seal.with_box(clear, sealer.seal_json(self.plain, aad))
        return raw_message(
            HouseholdReported.topic,
            self.key,
            value,
            type=self.event_type,
            id=self.event_id,
            source=SOURCE,
            time=self.received_at,
            traceparent=self.traceparent,
        )


@dataclass(slots=True)
class HazardDraft:
    name: bytes
    channel: SubmissionChannel
    report_id: str
    event_id: str
    content: bytes
    event: HazardReported
    states_scope: bool
    traceparent: str | None = None
    unchecked: bytes | None = None

    def finish(self, sealer: Sealer) -> Message:  # noqa: ARG002 - a hazard has no sealed fields
        return message(
            self.event, id=self.event_id, source=SOURCE, time=self.event.received_at, traceparent=self.traceparent
        )


def displacement(
    report: HouseholdReport | GroupReport | MovementBody | DisplacementStruct,
    principal: Principal,
    *,
    clocks: Clocks,
    places: Places,
    traceparent: str | None = None,
) -> DisplacementDraft:
    """The draft of the report. Raises Invalid for a movement in the future, and for a settlement of another unit."""
    if isinstance(report, HouseholdReport | GroupReport | MovementBody):
        report = structs.of(report)
    check_settlements(report, places)
    key = structs.subject_id(report)
    clear, plain, original, now = structs.clear(report), structs.sealed(report), None, clocks.now
    times = correction(report, clocks)
    if changes := {**(times or {}), **settlement_codes(report, places)}:
        changed = structs.replaced(report, changes)
        original = content_of(clear, plain)
        clear, plain = structs.clear(changed), structs.sealed(changed)
        if times:
            check_day(changed, clocks)
    first, correcting = EVENT_TYPES_OF[report.kind]
    event_type = first if report.version == 1 else correcting
    author, report_id = principal.author, report.report_id
    return DisplacementDraft(
        name=name_of(principal.account, structs.bytes_of(report_id), report.version),
        channel=principal.channel,
        report_id=report_id,
        event_id=event_name(event_type, author, report_id, report.version),
        author=author,
        event_type=event_type,
        key=key,
        clear=clear,
        plain=plain,
        stamps=stamps(
            report, principal, author=author, now=now, places=places, uncorrected=uncorrected(report, times or ())
        ),
        received_at=now,
        traceparent=traceparent,
        unchecked=unchecked.credential(principal),
        original=original,
    )


def content_of(clear: bytes, plain: bytes) -> bytes:
    return clear + b"\0" + plain


def settlement_codes(report: DisplacementStruct, places: Places) -> dict[str, str]:
    """The missing codes of the localities that the report names, by field: see `Places.settlement`."""
    codes: dict[str, str] = {}
    if not places.gazetteer:
        return codes
    for side, place in (("origin", report.origin), ("destination", report.destination)):
        name: str = getattr(report, f"{side}_locality", None) or ""
        is_missing = name and getattr(report, f"{side}_locality_pcode") is None
        if is_missing and place and place.pcode and (pcode := places.settlement(place.pcode, name)):
            codes[f"{side}_locality_pcode"] = pcode
    return codes


def check_settlements(report: DisplacementStruct, places: Places) -> None:
    """Raise Invalid if the code of a locality does not lie in the stated unit.

    Counts are compared by the code alone, but the author's areas are checked by the unit. With a code of another unit,
    a count would replace counts outside the author's areas, and would not be flagged.
    """
    wrong = [
        {"pointer": f"/{side}_locality_pcode", "expected": f"the code of a settlement in the unit of `{side}`"}
        for side, place in (("origin", report.origin), ("destination", report.destination))
        if (pcode := getattr(report, f"{side}_locality_pcode", None))
        and place is not None
        and not (place.pcode and places.covers((place.pcode,), pcode))
    ]
    if wrong:
        raise Invalid(wrong)


def check_day(report: DisplacementStruct, clocks: Clocks) -> None:
    """Raise Invalid if the report is a movement whose corrected day is in the future."""
    if report.kind in MOVEMENTS and is_ahead(report, clocks):
        raise Invalid([{"pointer": "/occurred_at", "expected": "a day that is not in the future"}])


def marked(message: Message, draft: Draft) -> Message:
    """The record for the spool. The record of a release names no account, so the report's name is added as a header."""
    if not (isinstance(draft, HazardDraft) and draft.event.is_release):
        return message
    return message._replace(headers=(*message.headers, (NAME_HEADER, draft.name.hex().encode())))


def unmarked(message: Message) -> Message:
    """The record without the header of the spool, because nobody else may read which account released a hazard."""
    return message._replace(headers=tuple(header for header in message.headers if header[0] != NAME_HEADER))


def name_in(message: Message) -> bytes | None:
    """The report's name (author, report id and version), read from its record; None if the record is not a report."""
    marks = [value for header, value in message.headers if header == NAME_HEADER]
    if marks:
        return bytes.fromhex(marks[0].decode())
    try:
        fields = json.loads(message.value)
        return name_of(UUID(fields["author"]), UUID(fields["report_id"]).bytes, fields["version"])
    except (ValueError, KeyError, TypeError):
        return None


def name_of(author: UUID, report_id: bytes, version: int) -> bytes:
    """The name under which a version of a report is deduplicated."""
    return b"%b%b%d" % (author.bytes, report_id, version)


def stamps(
    report: DisplacementStruct,
    principal: Principal,
    *,
    author: str,
    now: datetime,
    places: Places,
    uncorrected: UncorrectedReportTimes | None,
) -> str:
    """The JSON members that intake adds to a report, from the token, intake's clock and intake's checks."""
    shared = _shared_stamps(author, principal.team, principal.channel, now, places.version)
    noticed = flags(report, principal, places)
    if uncorrected:
        noticed.append(Flag.CLOCK_AHEAD)
    flagged = ",".join([f'"{flag}"' for flag in noticed]) if noticed else ""
    times = f',"uncorrected":{uncorrected.model_dump_json(exclude_none=True)}' if uncorrected else ""
    return f'{shared},"flags":[{flagged}]{times}{registrar_areas(report, principal, places)}'


@lru_cache(1024)  # cached, because all reports of a batch have the same values
def _shared_stamps(
    author: str, team: UUID | None, channel: SubmissionChannel, now: datetime, places_version: str
) -> str:
    team_member = f'"team":"{team}",' if team else ""
    return (
        f'"author":"{author}",{team_member}"channel":"{channel}","received_at":"{written(now)}",'
        f'"places_version":"{places_version}"'
    )


def uncorrected(report: DisplacementStruct, corrected: Iterable[str]) -> UncorrectedReportTimes | None:
    """The uncorrected values of the times that intake corrected. `corrected` has the names of these times."""
    given = {name: getattr(report, name) for name in corrected}
    return UncorrectedReportTimes(**given) if given else None


def flags(report: DisplacementStruct, principal: Principal, places: Places) -> list[Flag]:
    """The flags for the registry. Intake flags a report with a wrong place or an expired token, but accepts it."""
    noticed = []
    pcode = report.pcode
    if pcode is not None and not principal.covers(pcode, places):
        noticed.append(Flag.OUTSIDE_AREA)
    if principal.is_expired:
        noticed.append(Flag.EXPIRED_TOKEN)
    if places.has_boundaries and (
        contradict(report.origin, report.origin_point, places)
        or contradict(report.destination, report.destination_point, places)
    ):
        noticed.append(Flag.POINT_CONTRADICTS_CODE)
    if Role.REGISTRAR in principal.roles and (area := registered_area(pcode, principal, places)):
        noticed.append(area)
    return noticed


def registrar_areas(report: DisplacementStruct, principal: Principal, places: Places) -> str:
    """The JSON member `registrar_areas`: the author's areas, which the registry needs if a movement has no place.

    For a movement of a site, the author may also be an operator or a duty head.
    """
    roles = MOVE_SITES if report.kind == "site_movement" else REGISTRARS
    if report.kind not in MOVEMENTS or roles.isdisjoint(principal.roles):
        return ""
    areas = principal.areas
    if principal.covers_country:  # the report of a national registrar has a flag instead
        areas = () if Role.REGISTRAR in principal.roles else tuple(unit.pcode for unit in places.units(1))
    return f',"registrar_areas":{json.dumps(sorted(areas))}' if areas else ""


def registered_area(pcode: str | None, registrar: Principal, places: Places) -> Flag | None:
    """The registrar's oblast or district that contains the place. The registry then checks the household's place."""
    if registrar.covers_country:
        return Flag.REGISTRAR_OF_COUNTRY
    if pcode is None:
        return None
    if places.oblast(pcode) in registrar.areas:
        return Flag.REGISTRAR_OF_OBLAST
    return Flag.REGISTRAR_OF_DISTRICT if places.district(pcode) in registrar.areas else None


def contradict(place: Place | None, point: Point | None, places: Places) -> bool:
    """Whether the point lies outside the place. Returns False if the place is unknown."""
    if place is None or point is None or place.country == UNKNOWN_COUNTRY:
        return False
    located = places.locate(point.lat, point.lon)
    if place.pcode is None:
        return (place.country == COUNTRY) is (located is None)
    return places.unit(place.pcode) is not None and not touches(place.pcode, located, places)


def touches(pcode: str, located: str | None, places: Places) -> bool:
    """Whether the two units are equal, or one unit contains the other."""
    if located is None:
        return False
    return pcode in (located, *places.ancestors(located)) or located in places.ancestors(pcode)


def hazard(
    report: HazardReport, principal: Principal, *, clocks: Clocks, places: Places, traceparent: str | None = None
) -> HazardDraft:
    """The draft of the report. Raises Invalid for a settlement outside the area's P-codes."""
    check_settlement(report, places)
    kind = HAZARD_EVENTS[report.msg_type]
    area = report.area.model_copy(update={"pcodes": places.pcodes_of(report.area)})
    times = correction(report, clocks)
    hazard_id = hazard_id_of(report)
    stamped = {"source_id": published_id(report, hazard_id), "scope": scope_of(report, principal), "area": area}
    stamped["locality_pcode"] = settlement_code(report, places)
    event = kind.model_construct(
        **{**dict(report), **stamped, **(times or {})},
        flags=(Flag.CLOCK_AHEAD,) if times else (),
        uncorrected=UncorrectedHazardTimes(**{name: getattr(report, name) for name in times}) if times else None,
        hazard_id=hazard_id,
        author=principal.account if report.released_revision is None else CENTRE_ACCOUNT,
        channel=principal.channel,
        received_at=clocks.now,
        places_version=places.version,
    )
    return HazardDraft(
        name=name_of(principal.account, report.report_id.bytes, report.version),
        channel=principal.channel,
        report_id=str(report.report_id),
        event_id=event_name(kind.event_type, principal.account, report.report_id, report.version),
        content=_hazard(report),
        event=event,
        states_scope=report.scope is not None,
        traceparent=traceparent,
        unchecked=unchecked.credential(principal),
    )


def hazard_id_of(report: HazardReport) -> UUID:
    """The id of the hazard. Raises Invalid if the withdrawal of a release does not name the hazard's id."""
    is_withdrawal = report.released_revision is not None and report.msg_type is MsgType.CANCEL
    if not (is_withdrawal and report.source == CENTRE and report.source_id.startswith(WITHDRAWN_HAZARD)):
        return derived_id("hazard", report.source, report.source_id)
    try:
        return UUID(report.source_id.removeprefix(WITHDRAWN_HAZARD))
    except ValueError:
        expected = f"`{WITHDRAWN_HAZARD}` and the id of the hazard"
        raise Invalid([{"pointer": "/source_id", "expected": expected}]) from None


def check_settlement(report: HazardReport, places: Places) -> None:
    """Raise Invalid if the code of the hazard's settlement does not lie in one of the area's P-codes."""
    if report.locality_pcode and not places.covers(report.area.pcodes, report.locality_pcode):
        expected = "the code of a settlement in one of the `pcodes` of `area`"
        raise Invalid([{"pointer": "/locality_pcode", "expected": expected}])


def settlement_code(report: HazardReport, places: Places) -> str | None:
    """The code of the settlement that the area's description names.

    A missing code is found by the name, but not for a release, because a release has only the fields that a person
    chose.
    """
    name = report.area.description
    if report.locality_pcode or report.released_revision is not None or not (name and places.gazetteer):
        return report.locality_pcode
    found = {pcode for unit in report.area.pcodes if (pcode := places.settlement(unit, name))}
    return found.pop() if len(found) == 1 else None


def published_id(report: HazardReport, hazard_id: UUID) -> str:
    """The `source_id` of the event: the report's `source_id`, or the hazard's id in a release of a centre's hazard.

    A source id of the centre contains the account of the person who entered the hazard. From public source ids, a
    reader could find all hazards that the person entered.
    """
    is_release = report.released_revision is not None
    return str(hazard_id) if is_release and report.source == CENTRE else report.source_id


def scope_of(report: HazardReport, principal: Principal) -> Scope:
    """The scope of the hazard: a release is Public, and any other hazard that a person reports is not Public.

    Another system states the scope of its own hazards. A report without a scope is Restricted. `HazardScopes` makes it
    Private if an earlier revision is Private.
    """
    if report.released_revision is not None:
        return Scope.PUBLIC
    if report.scope is None or (report.scope is Scope.PUBLIC and principal.roles != {Role.INTEGRATION}):
        return Scope.RESTRICTED
    return report.scope
