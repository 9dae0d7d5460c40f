"""Reads SMS from the gateway, and the actions and codes that people type into an SMS."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.alerts.sms.calls import NotReadable
from services.alerts.sms.gateway import bounded_id, value_at, written
from services.alerts.sms.numbers import PREFIX, number_of
from services.alerts.sms.profiles import GatewayInbound
from shared.events.vocabulary import Verdict

LONGEST_TEXT = 1000
# These Latin and Cyrillic letters look like digits.
LIKE_DIGITS = str.maketrans("IilОоOoЗзІіӀӏ|", "11100003311111")
DIGIT_REPLY = re.compile(r"[\W_]*([1-8])[\W_]*([0-9]{4})(?![0-9])[\W_]*")
WORD_REPLY = re.compile(r"[\W_]*([^\W\d_]{2,20})[\W_]+(\w{4})(?!\w)[\W_]*")


class SmsAct(StrEnum):
    ACKNOWLEDGE = "1"
    TAKE_OVER = "2"
    SNOOZE = "3"
    COMMENT = "4"
    START = "5"
    CLOSE = "6"
    ON_BEHALF = "7"
    ASSIGN = "8"


# People may type these Kyrgyz, Russian and English words, in any case, in place of a digit.
WORDS = {
    **dict.fromkeys(("кабыл", "принял", "приняла", "принято", "принять", "ok", "ack"), SmsAct.ACKNOWLEDGE),
    **dict.fromkeys(("баштадым", "баштайм", "начал", "начала", "начать", "start"), SmsAct.START),
    **dict.fromkeys(("аяктоо", "аяктадым", "закрыть", "завершить", "close"), SmsAct.CLOSE),
    **dict.fromkeys(("атынан", "за", "for"), SmsAct.ON_BEHALF),
    **dict.fromkeys(("алам", "алдым", "беру", "взял", "взяла", "take"), SmsAct.TAKE_OVER),
    **dict.fromkeys(("кийин", "позже", "отложить", "later", "snooze"), SmsAct.SNOOZE),
    **dict.fromkeys(("тапшырам", "тапшыруу", "поручить", "поручаю", "assign"), SmsAct.ASSIGN),
    **dict.fromkeys(("түшүндүрмө", "комментарий", "коммент", "note", "comment"), SmsAct.COMMENT),
}


OUTCOMES = {
    "1": Verdict.CONFIRMED,
    "2": Verdict.FALSE_ALARM,
    "3": Verdict.DUPLICATE,
    "4": Verdict.EXPIRED,
    "5": Verdict.CANCELLED,
}
OUTCOME = re.compile(r"([1-5])(?!\w)[\W_]*")


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """`number` is in E.164, or None if the sender's number is no mobile number."""

    id: str
    number: str | None
    text: str


def message_of(fields: Any, profile: GatewayInbound) -> InboundMessage:
    """Raises NotReadable."""
    id, sender = bounded_id(value_at(fields, profile.id)), written(value_at(fields, profile.number))
    text = written(value_at(fields, profile.text))
    if id is None or sender is None or text is None:
        raise NotReadable
    try:
        number = number_of(f"{PREFIX}{sender.strip()}")
    except ValueError:
        number = None
    return InboundMessage(id, number, text[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class TypedReply:
    """`text` is a reason, a comment, a name or a remark, and may be empty."""

    act: SmsAct
    code: str
    text: str = ""

    @property
    def outcome(self) -> tuple[Verdict, str] | None:
        """Returns None if the text names no outcome."""
        match = OUTCOME.match(self.text)
        return match and (OUTCOMES[match[1]], self.text[match.end() :].strip())


def typed_reply(text: str) -> TypedReply | None:
    """An acknowledgement with further text is not read as a reply, because that text may be another code."""
    typed = unicodedata.normalize("NFKC", text).replace("\0", " ")[:LONGEST_TEXT]
    match = DIGIT_REPLY.match(typed.translate(LIKE_DIGITS))
    if match is not None:
        reply = TypedReply(SmsAct(match[1]), match[2], typed[match.end() :].strip())
        return None if reply.text and reply.act is SmsAct.ACKNOWLEDGE else reply
    match = WORD_REPLY.match(typed)
    act = WORDS.get(match[1].casefold()) if match else None
    code = match[2].translate(LIKE_DIGITS) if match else ""
    if match is None or act is None or not (code.isascii() and code.isdigit()):
        return None
    return TypedReply(act, code, typed[match.end() :].strip())
