"""Queries for the statistics: for alerts, for hazards, and for notifications."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.acts import ActKind
from services.alerts.channels import OUTBOX_PAGE
from services.alerts.delivery.listings import concerns, overlaps
from services.alerts.delivery.states import DeliveryState
from services.alerts.models import Act, AlertRow, Delivery, Hazard, SmsMessage
from services.alerts.queries.delivery_states import ACKNOWLEDGING
from services.alerts.sms.gateway import AWAITS_RECEIPT, SmsReceiptState
from services.alerts.statistics.filters import Grouping, StatisticsQuery
from shared.country import TIME_ZONE
from shared.events import FIELD_TEAMS
from shared.events.vocabulary import Certainty, DeliveryChannel
from shared.postgres.models import table

# A person who closes an alert has seen the alert, so a closure counts as a reaction.
REACTIONS = (*ACKNOWLEDGING, ActKind.RESOLVED)
ALERT = table(AlertRow).c
PCODES = func.to_jsonb(ALERT.pcodes).label("pcodes")
IS_DELIVERED = Delivery.is_delivered.is_(True)
IS_RECEIVED = SmsMessage.state.in_((SmsReceiptState.DELIVERED, SmsReceiptState.READ))
# The states are those of `delivery.states.state_of`, without `answered`, and with one state for all unsettled
# deliveries.
OUTCOME = case(
    (IS_RECEIVED, DeliveryState.DELIVERED.value),
    (Delivery.reason == OUTBOX_PAGE, DeliveryState.NOT_SENT.value),
    (and_(IS_DELIVERED, Delivery.channel == DeliveryChannel.WEBHOOK), DeliveryState.DELIVERED.value),
    (or_(IS_DELIVERED, Delivery.reason == AWAITS_RECEIPT), DeliveryState.SENT.value),
    (Delivery.settled_at.is_not(None), DeliveryState.FAILED.value),
    else_=DeliveryState.QUEUED.value,
)


async def alerts(session: AsyncSession, query: StatisticsQuery) -> Sequence[Any]:
    chosen = (
        select(ALERT.alert_id, ALERT.raised_at.label("at"), ALERT.hazard_type, PCODES, ALERT.first_due_at)
        .where(ALERT.raised_at >= query.begins_at, ALERT.raised_at < query.ends_at, *_is_counted(query))
        .cte("chosen")
    )
    seen = _first_reactions(chosen)
    seconds = func.extract("epoch", seen.c.seen_at - chosen.c.at)
    cases = (
        select(chosen, seen.c.seen_at, seconds.label("seconds"))
        .outerjoin_from(chosen, seen, seen.c.alert_id == chosen.c.alert_id)
        .cte("cases")
    )
    is_decided = or_(cases.c.seen_at.is_not(None), cases.c.first_due_at <= query.now)
    measures = [
        func.count().label("alerts"),
        func.count(cases.c.seen_at).label("acknowledged"),
        func.percentile_cont(0.5).within_group(cases.c.seconds).label("median"),
        func.percentile_cont(0.9).within_group(cases.c.seconds).label("ninth_decile"),
        func.count().filter(cases.c.seen_at <= cases.c.first_due_at).label("in_time"),
        func.count(cases.c.first_due_at).filter(is_decided).label("decided"),
    ]
    return await _rows(session, query, cases, measures)


async def hazards(session: AsyncSession, query: StatisticsQuery) -> Sequence[Any]:
    """Leaves out cancelled hazards. Leaves out reports in which a field team found no hazard."""
    report = cast(Hazard.report, JSONB)
    is_found = or_(
        report["source"].astext != FIELD_TEAMS, report["certainty"].astext.is_distinct_from(Certainty.UNLIKELY)
    )
    begun = (
        select(
            cast(report["onset"].astext, DateTime(timezone=True)).label("at"),
            report["type"].astext.label("hazard_type"),
            func.jsonb_path_query_array(report, literal("$.area.pcodes[*]", JSONPATH)).label("pcodes"),
        )
        .where(Hazard.status == query.status, ~Hazard.is_cancelled, Hazard.ends_at >= query.begins_at)
        .where(is_found, *_is_in_areas(query))
        .cte("begun")
        # MATERIALIZED makes PostgreSQL parse each report only once.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    wanted = select(begun).where(begun.c.at >= query.begins_at, begun.c.at < query.ends_at)
    if query.hazard_type is not None:
        wanted = wanted.where(begun.c.hazard_type == query.hazard_type)
    return await _rows(session, query, wanted.cte("cases"), [func.count().label("hazards")])


async def deliveries(session: AsyncSession, query: StatisticsQuery) -> Sequence[Any]:
    cases = (
        select(Delivery.created_at.label("at"), ALERT.hazard_type, PCODES, Delivery.channel, OUTCOME.label("outcome"))
        .join(AlertRow, AlertRow.alert_id == Delivery.alert_id)
        .outerjoin(SmsMessage, SmsMessage.delivery_id == Delivery.delivery_id)
        .where(Delivery.created_at >= query.begins_at, Delivery.created_at < query.ends_at, *_is_counted(query))
        .cte("cases")
    )
    groups = [cases.c.channel, cases.c.outcome]
    return await _rows(session, query, cases, [func.count().label("deliveries")], groups)


def _is_counted(query: StatisticsQuery) -> list[ColumnElement[bool]]:
    """A suppressed alert was never raised, so it does not count."""
    return [
        ALERT.status == query.status,
        ~AlertRow.is_suppressed,
        *([ALERT.hazard_type == query.hazard_type] if query.hazard_type else []),
        *([concerns(query.visible)] if query.visible is not None else []),
        *([overlaps(query.within)] if query.within is not None else []),
    ]


def _is_in_areas(query: StatisticsQuery) -> list[ColumnElement[bool]]:
    """A hazard without a place concerns everybody, as an alert without a place does."""
    areas = table(Hazard).c.areas
    touches = areas.op("&&", return_type=Boolean())
    conditions: list[ColumnElement[bool]] = []
    if query.visible is not None:
        conditions.append(or_(areas == [], touches(list(query.visible))))
    if query.within is not None:
        conditions.append(touches(list(query.within)))
    return conditions


def _first_reactions(alerts: CTE) -> CTE:
    """A withdrawn acknowledgement does not count."""
    next_deed = func.lead(Act.deed).over(partition_by=(Act.alert_id, Act.account_id), order_by=Act.act_id)
    acts = (
        select(Act.alert_id, Act.deed, Act.acted_at, next_deed.label("next_deed"))
        .join(alerts, alerts.c.alert_id == Act.alert_id)
        .where(Act.deed.in_((*REACTIONS, ActKind.UNACKNOWLEDGED)), Act.account_id.is_not(None))
        .where(Act.acted_at >= alerts.c.at)
        .cte("acts_of_people")
    )
    return (
        select(acts.c.alert_id, func.min(acts.c.acted_at).label("seen_at"))
        .where(acts.c.deed != ActKind.UNACKNOWLEDGED, acts.c.next_deed.is_distinct_from(ActKind.UNACKNOWLEDGED))
        .group_by(acts.c.alert_id)
        .cte("seen")
    )


async def _rows(
    session: AsyncSession,
    query: StatisticsQuery,
    cases: CTE,
    measures: Sequence[ColumnElement[Any]],
    groups: Sequence[ColumnElement[Any]] = (),
) -> Sequence[Any]:
    """A case with several areas has several rows, but counts only once in the total."""
    source, key = _keyed(query, cases)
    total = select(true().label("is_total"), cast(null(), Text).label("key"), *groups, *measures)
    by_key = select(false().label("is_total"), key.label("key"), *groups, *measures)
    statement = union_all(total.select_from(cases).group_by(*groups), by_key.select_from(source).group_by(key, *groups))
    return (await session.execute(statement)).all()


def _keyed(query: StatisticsQuery, cases: CTE) -> tuple[FromClause, ColumnElement[Any]]:
    if query.by is Grouping.MONTH:
        return cases, func.to_char(func.timezone(TIME_ZONE.key, cases.c.at), "YYYY-MM")
    if query.by is Grouping.HAZARD_TYPE:
        return cases, cases.c.hazard_type
    units = _units(query, cases)
    return cases.outerjoin(units, units.c.pcodes == cases.c.pcodes), units.c.unit


def _units(query: StatisticsQuery, cases: CTE) -> CTE:
    """There are few different lists of P-codes, so each list is looked up only once."""
    lists = select(cases.c.pcodes).distinct().subquery("lists")
    codes = select(lists.c.pcodes, func.jsonb_array_elements_text(lists.c.pcodes).label("code")).cte("codes")
    known = func.unnest(_texts(query.units.keys()), _texts(query.units.values()))
    units = known.table_valued("code", "unit", name="units").render_derived()
    joined = codes.join(units, units.c.code == codes.c.code)
    return select(codes.c.pcodes, units.c.unit).distinct().select_from(joined).cte("placed")


def _texts(values: Iterable[str]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(Text))
