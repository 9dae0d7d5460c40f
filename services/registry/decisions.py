"""Decides who may change a household, and what each version of a report changes.

The order in which reports arrive does not matter. No I/O.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from shared.events.vocabulary import Flag, OutcomeKind, RefusalReason
from shared.places import Places

Name = tuple[str, str]  # the word "household", "group" or "site", and an id
SUBJECT_OF = {
    "household": "household",
    "group": "group",
    "household_movement": "household",
    "group_movement": "group",
    "site_movement": "site",
}
SITE = "site"  # the first part of a site's `Name`; all reports about sites are reports of movements


class Held(StrEnum):
    """The reason why a report waits for a person, or for the report that it corrects."""

    WAITING = "waiting"
    NOT_AUTHOR = "not_author"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a reason, no password
    REVOKED = "revoked_credential"
    OTHER_CONTENT = "other_content"
    OTHER_HOUSEHOLD = "other_household"
    HOUSEHOLD_UNKNOWN = "household_unknown"
    REMOVAL_BY_OTHER_TEAM = "removal_by_other_team"
    WHOLE_SITE = "whole_site"
    # only the previous release of Dayar held movements of large sites for this reason
    TOO_LARGE = "too_large"
    NOT_DISPLACED = "not_displaced"
    OTHER_STATUS = "other_status"
    BEFORE_DEPARTURE = "before_departure"
    BEFORE_COUNT = "before_count"
    AFTER_DEATH = "after_death"
    MEMBERS_UNKNOWN = "members_unknown"
    TOO_MANY_MOVEMENTS = "too_many_movements"
    CORRECTS_DUPLICATE = "corrects_duplicate"


# A household, group or site may have at most this many movements, because each batch judges all its movements again.
MOST_MOVEMENTS = 200
MOST_OF_TEAM = 50

# Reasons to hold a movement that contradicts other reports about its household. A held movement is judged again when
# the reports about its household change.
CONTRADICTIONS = (
    Held.NOT_DISPLACED,
    Held.OTHER_STATUS,
    Held.BEFORE_DEPARTURE,
    Held.BEFORE_COUNT,
    Held.AFTER_DEATH,
    Held.MEMBERS_UNKNOWN,
)


class Effect(StrEnum):
    NOTHING = "nothing"
    CREATE = "create"
    BEGIN = "begin"
    SUPERSEDE = "supersede"


class ReportDecision(NamedTuple):
    effect: Effect
    outcome: OutcomeKind
    reason: str | None = None


class Owner(NamedTuple):
    """The author and the team of the first report about a household or group.

    The first author and their team may correct the report, and report the next displacement.
    """

    author: str
    team: str | None

    def shares(self, author: str, team: str | None) -> bool:
        return author == self.author or (team is not None and team == self.team)


NOBODY = Owner("", None)  # a site belongs to no team


class Claim(NamedTuple):
    """`is_registrars` is true if a registrar of the household's area sent the version."""

    version: int
    subject: Name
    author: str
    team: str | None
    digest: bytes
    is_expired: bool = False
    is_registrars: bool = False
    is_revoked: bool = False
    is_accepted: bool = False  # a person accepted the held report, so the author and the sign-in are not checked

    def is_entitled(self, owner: Owner, *, begins: bool) -> bool:
        """A registrar may correct a report, but not begin a displacement."""
        if self.is_accepted or owner.shares(self.author, self.team):
            return True
        return self.is_registrars and self.version > 1 and not begins


class Precedent(NamedTuple):
    """A filed version of a report, with its outcome."""

    version: int
    subject: Name
    digest: bytes
    outcome: OutcomeKind
    author: str = ""
    team: str | None = None
    reason: str | None = None

    @property
    def took_effect(self) -> bool:
        """A movement that is held because it contradicts other reports is still added to the household."""
        if self.outcome is OutcomeKind.HELD:
            return self.reason in CONTRADICTIONS
        return self.outcome in (OutcomeKind.RECORDED, OutcomeKind.MERGED, OutcomeKind.NOTED)

    @property
    def is_duplicate(self) -> bool:
        return self.outcome is OutcomeKind.REJECTED and self.reason == RefusalReason.DUPLICATE

    def is_duplicate_by(self, author: str, team: str | None) -> bool:
        return self.is_duplicate and Owner(self.author, self.team).shares(author, team)

    def yields_to(self, author: str, team: str | None) -> bool:
        """Whether a later version by `author` or `team` may begin the displacement instead of this version.

        True if this first version is held or refused, and if the later version has the same author or team. False for a
        version that was refused as a duplicate.
        """
        is_without_effect = self.outcome in (OutcomeKind.HELD, OutcomeKind.REJECTED)
        return (
            self.version == 1
            and is_without_effect
            and not self.took_effect
            and not self.is_duplicate_by(author, team)
            and Owner(self.author, self.team).shares(author, team)
        )


CREATE = ReportDecision(Effect.CREATE, OutcomeKind.RECORDED)
BEGIN = ReportDecision(Effect.BEGIN, OutcomeKind.RECORDED)
SUPERSEDE = ReportDecision(Effect.SUPERSEDE, OutcomeKind.RECORDED)
OLDER = ReportDecision(Effect.NOTHING, OutcomeKind.MERGED, "older_version")
REPEAT = ReportDecision(Effect.NOTHING, OutcomeKind.REPEAT)
RECORDED = ReportDecision(Effect.BEGIN, OutcomeKind.RECORDED)
SAME_PLACE = ReportDecision(Effect.BEGIN, OutcomeKind.NOTED, "same_place")
ALREADY_KNOWN = ReportDecision(Effect.BEGIN, OutcomeKind.NOTED, "already_known")


def refused(reason: RefusalReason) -> ReportDecision:
    return ReportDecision(Effect.NOTHING, OutcomeKind.REJECTED, reason.value)


def decide(claim: Claim, owner: Owner | None, precedents: Sequence[Precedent]) -> ReportDecision:
    """`owner` is None for a new household or group.

    `precedents` are the versions of the report that were filed before.
    """
    if claim.is_revoked and not claim.is_accepted:
        return held(Held.REVOKED)
    if claim.is_expired and not claim.is_accepted:
        return held(Held.EXPIRED_TOKEN)
    if owner is None and not precedents:
        return CREATE if claim.version == 1 or claim.is_accepted else held(Held.WAITING)
    effective = [precedent for precedent in precedents if precedent.took_effect]
    if any(precedent.version == claim.version and precedent.digest == claim.digest for precedent in effective):
        return REPEAT
    begins = not effective and is_first(claim, precedents)
    if owner is not None and not claim.is_entitled(owner, begins=begins):
        return held(Held.NOT_AUTHOR)
    if any(precedent.subject != claim.subject for precedent in effective):
        return held(Held.OTHER_HOUSEHOLD)
    if not effective and corrects_duplicate(claim, precedents):
        duplicates = (known for known in precedents if known.is_duplicate_by(claim.author, claim.team))
        is_here = all(known.subject == claim.subject for known in duplicates)
        return held(Held.CORRECTS_DUPLICATE if is_here else Held.OTHER_HOUSEHOLD)
    if owner is None:
        return CREATE if claim.version == 1 or begins else held(Held.WAITING)
    return decide_version(claim, effective, begins=begins)


def decide_movement(
    claim: Claim,
    owner: Owner | None,
    precedents: Sequence[Precedent],
    *,
    removes: bool,
    is_full: bool,
    empties_site: bool = False,
) -> ReportDecision:
    """`owner` is None if the owner is not known.

    `is_full` is true if the subject has too many movements, so that a person must decide about the next movement.
    `removes` is true if the movement takes people out of the stock. `empties_site` is true if everybody at a site
    moves, and if the movement's team has reported nobody at this site.

    Any team may report a movement, but only the household's team or a registrar may take people out of the stock. The
    movement's own team may correct or reverse the report.
    """
    if claim.is_revoked and not claim.is_accepted:
        return held(Held.REVOKED)
    if claim.is_expired and not claim.is_accepted:
        return held(Held.EXPIRED_TOKEN)
    if owner is None:
        return held(Held.HOUSEHOLD_UNKNOWN)
    effective = [precedent for precedent in precedents if precedent.took_effect]
    if any(precedent.version == claim.version and precedent.digest == claim.digest for precedent in effective):
        return REPEAT
    if any(precedent.subject != claim.subject for precedent in effective):
        return held(Held.OTHER_HOUSEHOLD)
    is_entitled = claim.is_accepted or claim.is_registrars or owner.shares(claim.author, claim.team)
    reporters = [Owner(precedent.author, precedent.team) for precedent in effective]
    if reporters and not is_entitled and not any(owner.shares(claim.author, claim.team) for owner in reporters):
        return held(Held.NOT_AUTHOR)
    if (removes or empties_site) and not is_entitled:
        return held(Held.REMOVAL_BY_OTHER_TEAM if removes else Held.WHOLE_SITE)
    if not effective and is_full and not claim.is_accepted:
        return held(Held.TOO_MANY_MOVEMENTS)
    if not effective and corrects_duplicate(claim, precedents):
        return held(Held.CORRECTS_DUPLICATE)
    begins = not effective and is_first(claim, precedents)
    return decide_version(claim, effective, begins=begins)


def corrects_duplicate(claim: Claim, precedents: Iterable[Precedent]) -> bool:
    """Whether the claim corrects a version that was refused as a duplicate.

    The correction must not take effect, because the people would be counted twice. An author's receipt shows a
    duplicate as recorded, so the author may send a correction.
    """
    is_duplicate = any(precedent.is_duplicate_by(claim.author, claim.team) for precedent in precedents)
    return is_duplicate and not claim.is_accepted


def is_first(claim: Claim, precedents: Iterable[Precedent]) -> bool:
    """Whether the claim may begin a displacement.

    The caller checks first that no version of the report took effect.
    """
    if claim.version == 1 or claim.is_accepted:
        return True
    return any(precedent.yields_to(claim.author, claim.team) for precedent in precedents)


def decide_version(claim: Claim, effective: Collection[Precedent], *, begins: bool) -> ReportDecision:
    """Decide about a version whose author was allowed to send the report.

    `effective` are the report's versions that took effect.

    If another content has taken effect with the same version number, the version waits for a person. A version does not
    wait if its author has sent a later version that took effect.
    """
    known = {precedent.version for precedent in effective}
    if not known:
        return BEGIN if begins else held(Held.WAITING)
    is_replaced = any(later.version > claim.version and later.author == claim.author for later in effective)
    if claim.version in known and not is_replaced:
        return held(Held.OTHER_CONTENT)
    return SUPERSEDE if claim.version > max(known) else OLDER


def registers(flags: Collection[Flag], reported: str | None, known: str | None, places: Places) -> bool:
    if Flag.REGISTRAR_OF_COUNTRY in flags:
        return True
    if reported is None or known is None:
        return False
    if Flag.REGISTRAR_OF_OBLAST in flags:
        return places.oblast(reported) == places.oblast(known)
    return Flag.REGISTRAR_OF_DISTRICT in flags and places.district(reported) == places.district(known)


def held(reason: Held) -> ReportDecision:
    return HELD[reason]


HELD = {reason: ReportDecision(Effect.NOTHING, OutcomeKind.HELD, reason.value) for reason in Held}
