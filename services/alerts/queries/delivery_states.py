"""Columns from which the state of a delivery follows."""

from sqlalchemy import and_, any_, exists, func, or_, select

from services.alerts.acts.acts import ActChannel, ActKind
from services.alerts.channels import OUTBOX_PAGE
from services.alerts.models import Act, AlertRow, Delivery, ReceiverRow, SmsMessage
from services.alerts.sms.gateway import AWAITS_RECEIPT, SmsReceiptState

RECEIPT = select(SmsMessage.state).where(SmsMessage.delivery_id == Delivery.delivery_id).scalar_subquery()
ACKNOWLEDGING = (ActKind.ACKNOWLEDGED, ActKind.CONFIRMED, ActKind.PROGRESSED, ActKind.TAKEN_OVER, ActKind.SNOOZED)
HAS_ACKNOWLEDGED = or_(
    Act.account_id == AlertRow.__table__.c.acknowledged_by, Act.account_id == any_(AlertRow.partly_acknowledged_by)
)
# In earlier releases of Dayar, the text of an acknowledgement was the channel of the person's reply.
IS_BY_TEXT = or_(Act.deed != ActKind.ACKNOWLEDGED, Act.text.is_(None), func.lower(Act.text) == Delivery.channel)
# Whoever acts on the board has answered the messages on all channels.
IS_BY_CHANNEL = or_(
    Act.channel == ActChannel.BOARD, Act.channel == Delivery.channel, and_(Act.channel.is_(None), IS_BY_TEXT)
)
IS_ANSWERED = exists().where(
    Act.alert_id == Delivery.alert_id,
    AlertRow.alert_id == Delivery.alert_id,
    ReceiverRow.label == Delivery.recipient,
    Act.account_id == ReceiverRow.__table__.c.account_id,
    Act.deed.in_(ACKNOWLEDGING),
    Act.acted_at >= Delivery.created_at,
    HAS_ACKNOWLEDGED,
    IS_BY_CHANNEL,
)
# `states.state_of` has the same conditions for FAILED and RETRYING. Change both together.
IS_UNDELIVERED = and_(
    ~IS_ANSWERED,
    func.coalesce(RECEIPT, "").not_in((SmsReceiptState.READ, SmsReceiptState.DELIVERED)),
    or_(
        and_(
            Delivery.settled_at.is_not(None),
            Delivery.is_delivered.is_not(True),
            Delivery.reason.is_distinct_from(OUTBOX_PAGE),
        ),
        and_(Delivery.settled_at.is_(None), Delivery.reason.is_not(None), Delivery.reason != AWAITS_RECEIPT),
    ),
)
OF_STATE = (
    Delivery.channel,
    Delivery.settled_at,
    Delivery.is_delivered,
    Delivery.reason,
    Delivery.planned_at,
    RECEIPT.label("receipt"),
    IS_ANSWERED.label("is_answered"),
)
