"""Computes the state of a notification to one receiver by one channel."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.alerts.channels import OUTBOX_PAGE
from services.alerts.sms.gateway import AWAITS_RECEIPT, SmsReceiptState
from shared.events.vocabulary import DeliveryChannel


class DeliveryState(StrEnum):
    """`sent` means only that a server accepted the message.

    `delivered` means that the message reached the receiver, by the answer of a webhook or the receipt of an SMS. An SMS
    receipt can also report `read`. Mail servers and Telegram never report `delivered` or `read`. `answered` means that
    the receiver's account acknowledged the alert, by a reply on this channel or on the board.
    """

    QUEUED = "queued"
    RETRYING = "retrying"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    NOT_SENT = "not_sent"


class SuppressionRule(StrEnum):
    SILENCE = "silence"
    INHIBITION = "inhibition"
    QUIET_HOURS = "quiet_hours"
    DIGEST = "digest"


def state_of(delivery: Mapping[str, Any], now: datetime) -> DeliveryState:
    """`delivery` is a row of `listings.deliveries`."""
    receipt, reason = delivery["receipt"], delivery["reason"]
    if delivery["is_answered"]:
        return DeliveryState.ANSWERED
    if receipt == SmsReceiptState.READ:
        return DeliveryState.READ
    if receipt == SmsReceiptState.DELIVERED:
        return DeliveryState.DELIVERED
    if reason == OUTBOX_PAGE:
        return DeliveryState.NOT_SENT
    if delivery["is_delivered"]:
        is_webhook = delivery["channel"] == DeliveryChannel.WEBHOOK
        return DeliveryState.DELIVERED if is_webhook else DeliveryState.SENT
    if delivery["settled_at"]:
        return DeliveryState.FAILED
    return unsettled(delivery, now)


def unsettled(delivery: Mapping[str, Any], now: datetime) -> DeliveryState:
    if delivery["reason"] == AWAITS_RECEIPT:
        return DeliveryState.SENT
    if delivery["reason"] is not None:
        return DeliveryState.RETRYING
    return DeliveryState.SUPPRESSED if combined_at(delivery, now) else DeliveryState.QUEUED


def combined_at(delivery: Mapping[str, Any], now: datetime) -> datetime | None:
    """Returns the planned time of a combined message, or None for a message that is sent alone."""
    planned_at: datetime | None = delivery["planned_at"]
    is_waiting = planned_at is not None and planned_at > now and delivery["reason"] is None
    return planned_at if is_waiting and not delivery["settled_at"] else None


def with_state(delivery: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    until = combined_at(delivery, now)
    rule = {"suppressed_by": SuppressionRule.DIGEST, "suppressed_until": until} if until else {}
    hidden = ("receipt", "is_answered", "planned_at")
    shown = {name: value for name, value in delivery.items() if name not in hidden}
    return {**shown, "state": state_of(delivery, now), **rule}
