"""Decides the topic of hazards that an earlier build spooled without a `scope`, all for the public topic."""

import json

from shared.events import HazardReported, Message
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.events.vocabulary import Scope, SubmissionChannel

SYSTEMS = (SubmissionChannel.FEED, SubmissionChannel.API)


def restricted(message: Message) -> Message:
    """The record of a hazard without a scope becomes Restricted if a person reported it. Other records stay unchanged.

    The text of a person may name people. A record that was published on the public topic cannot be taken back.
    """
    if message.topic != HazardReported.topic:
        return message
    try:
        fields = json.loads(message.value)
    except ValueError:  # consumers make a dead letter of a record that is not JSON
        return message
    if not isinstance(fields, dict) or "scope" in fields or fields.get("channel") in SYSTEMS:
        return message
    value = json.dumps({**fields, "scope": Scope.RESTRICTED}, ensure_ascii=False, separators=(",", ":"))
    return message._replace(topic=RESTRICTED_HAZARDS, value=value.encode())
