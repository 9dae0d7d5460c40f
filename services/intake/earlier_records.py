"""Decides the topic of spooled hazards that have no `scope`.

An earlier build addressed hazards without `scope` to the public topic.
"""

import json

from shared.events import HazardReported, Message
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.events.vocabulary import Scope, SubmissionChannel

SYSTEMS = (SubmissionChannel.FEED, SubmissionChannel.API)


def restricted(message: Message) -> Message:
    """If a person reported a hazard without a scope, make the hazard Restricted. Other records are returned unchanged.

    A person's text may contain names, and a record on the public topic cannot be withdrawn.
    """
    if message.topic != HazardReported.topic:
        return message
    try:
        fields = json.loads(message.value)
    except ValueError:  # consumers put a record that is not JSON into the dead letters
        return message
    if not isinstance(fields, dict) or "scope" in fields or fields.get("channel") in SYSTEMS:
        return message
    value = json.dumps({**fields, "scope": Scope.RESTRICTED}, ensure_ascii=False, separators=(",", ":"))
    return message._replace(topic=RESTRICTED_HAZARDS, value=value.encode())
