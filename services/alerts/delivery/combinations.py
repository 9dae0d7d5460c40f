"""Groups the deliveries of a list by the combined message that contains them."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.alerts.delivery.notices import FOLDABLE


def combined(deliveries: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Messages keep the order of the list. Within a message, deliveries have the order in which they were planned."""
    messages: dict[Any, list[Mapping[str, Any]]] = {}
    for delivery in deliveries:
        messages.setdefault(message_of(delivery), []).insert(0, delivery)
    return list(messages.values())


def message_of(delivery: Mapping[str, Any]) -> Any:
    """Deliveries in one message have the same attempts and the same first due time."""
    slot = (delivery["recipient"], delivery["channel"])
    if delivery["channel"] not in FOLDABLE:
        return delivery["delivery_id"]
    if delivery["tried"]:
        last = delivery["tried"][-1]
        return (*slot, last["began_at"], last["ended_at"])
    waits_until = delivery.get("suppressed_until")
    return delivery["delivery_id"] if waits_until is None else (*slot, waits_until)
