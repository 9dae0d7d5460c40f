"""Turns a validated report into the draft of a sealed record. Pure."""

from uuid import UUID

from pydantic import TypeAdapter

from services.intake import structs, unchecked
from services.intake.clocks import Clocks, correction, is_ahead
from services.intake.drafts import DisplacementDraft, HazardDraft, content_of, name_of
from services.intake.refusals import Invalid
from services.intake.stamps import stamps, uncorrected
from services.intake.structs import MOVEMENT_KINDS, DisplacementStruct
from shared.auth.tokens import Principal, Role
from shared.events import (
    CENTRE,
    CENTRE_ACCOUNT,
    CORRECTION,
    OF_PEOPLE,
    GroupReport,
    GroupReported,
    HazardCancelled,
    HazardReport,
    HazardReported,
    HazardUpdated,
    HouseholdMovementReported,
    HouseholdReport,
    HouseholdReported,
    derived_id,
    event_name,
)
from shared.events.hazards import WITHDRAWN_HAZARD, UncorrectedHazardTimes
from shared.events.movements import MovementBody
from shared.events.vocabulary import Flag, MsgType, Scope
from shared.places import Places

HAZARD_EVENTS: dict[MsgType, type[HazardReported]] = {
    MsgType.ALERT: HazardReported,
    MsgType.UPDATE: HazardUpdated,
    MsgType.CANCEL: HazardCancelled,
}

MOVED = HouseholdMovementReported.event_type
EVENT_TYPES_OF = {
    "household": (HouseholdReported.event_type, CORRECTION),
    "group": (GroupReported.event_type, CORRECTION),
    **dict.fromkeys(MOVEMENT_KINDS, (MOVED, MOVED)),
}
_hazard = TypeAdapter(HazardReport).serializer.to_json


def displacement(
    report: HouseholdReport | GroupReport | MovementBody | DisplacementStruct,
    principal: Principal,
    *,
    clocks: Clocks,
    places: Places,
) -> DisplacementDraft:
    """Raises Invalid for a movement in the future, and for a settlement outside the stated unit."""
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
        unchecked=unchecked.credential(principal),
        original=original,
    )


def settlement_codes(report: DisplacementStruct, places: Places) -> dict[str, str]:
    """Return the missing codes of localities, found by the names of the localities."""
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
    """Raise Invalid if a locality lies outside its stated unit.

    The registry replaces counts by the locality's code, but intake checks the author's areas by the unit. Without this
    check, a count with a foreign code could replace a count outside the author's areas without a flag.
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
    if report.kind in MOVEMENT_KINDS and is_ahead(report, clocks):
        raise Invalid([{"pointer": "/occurred_at", "expected": "a day that is not in the future"}])


def hazard(report: HazardReport, principal: Principal, *, clocks: Clocks, places: Places) -> HazardDraft:
    """Raises Invalid if the settlement is outside the area's P-codes."""
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
        unchecked=unchecked.credential(principal),
    )


def hazard_id_of(report: HazardReport) -> UUID:
    """Raises Invalid if the withdrawal of a release does not name the hazard's id."""
    is_withdrawal = report.released_revision is not None and report.msg_type is MsgType.CANCEL
    if not (is_withdrawal and report.source == CENTRE and report.source_id.startswith(WITHDRAWN_HAZARD)):
        return derived_id("hazard", report.source, report.source_id)
    try:
        return UUID(report.source_id.removeprefix(WITHDRAWN_HAZARD))
    except ValueError:
        expected = f"`{WITHDRAWN_HAZARD}` and the id of the hazard"
        raise Invalid([{"pointer": "/source_id", "expected": expected}]) from None


def check_settlement(report: HazardReport, places: Places) -> None:
    """Raise Invalid if the hazard's settlement lies outside the area's P-codes."""
    if report.locality_pcode and not places.covers(report.area.pcodes, report.locality_pcode):
        expected = "the code of a settlement in one of the `pcodes` of `area`"
        raise Invalid([{"pointer": "/locality_pcode", "expected": expected}])


def settlement_code(report: HazardReport, places: Places) -> str | None:
    """Return the settlement's code, from the report or by the name in the area's description.

    No code is added to a release, because a release has only the fields that a person chose.
    """
    name = report.area.description
    if report.locality_pcode or report.released_revision is not None or not (name and places.gazetteer):
        return report.locality_pcode
    settlements = {pcode for unit in report.area.pcodes if (pcode := places.settlement(unit, name))}
    return settlements.pop() if len(settlements) == 1 else None


def published_id(report: HazardReport, hazard_id: UUID) -> str:
    """Return the `source_id` of the event, usually the `source_id` of the report.

    The source id of a hazard that a person entered contains the person's account. In a release of such a hazard, the
    hazard's id replaces the source id. With public source ids, anybody could find all hazards of one person.
    """
    is_release = report.released_revision is not None
    return str(hazard_id) if is_release and report.source in OF_PEOPLE else report.source_id


def scope_of(report: HazardReport, principal: Principal) -> Scope:
    """Return the scope of the hazard.

    A release is Public. Without a release, only a hazard of another system can be Public. A report without a scope is
    Restricted. Later, `HazardScopes` makes the hazard Private if an earlier revision is Private.
    """
    if report.released_revision is not None:
        return Scope.PUBLIC
    if report.scope is None or (report.scope is Scope.PUBLIC and principal.roles != {Role.INTEGRATION}):
        return Scope.RESTRICTED
    return report.scope
