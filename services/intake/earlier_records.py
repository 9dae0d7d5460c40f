"""Corrects spooled hazards of an earlier build.

The earlier build addressed hazards without a `scope` to the public topic.
"""

import json

from shared.events import HazardReported, Message
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.events.vocabulary import Scope, SubmissionChannel

SYSTEMS = (SubmissionChannel.FEED, SubmissionChannel.API)


def restricted(message: Message) -> Message:
    """If a person reported a hazard without a scope, make the hazard Restricted.

    All other records stay unchanged. The text of a person may contain names, and nobody can withdraw a record from the
    public topic.
    """
    if message.topic != HazardReported.topic:
        return message
    try:
        fields = json.loads(message.value)
    except ValueError:  # A record that is not JSON becomes a dead letter at its consumers.
        return message
    if not isinstance(fields, dict) or "scope" in fields or fields.get("channel") in SYSTEMS:
        return message
    value = json.dumps({**fields, "scope": Scope.RESTRICTED}, ensure_ascii=False, separators=(",", ":"))
    return message._replace(topic=RESTRICTED_HAZARDS, value=value.encode())
