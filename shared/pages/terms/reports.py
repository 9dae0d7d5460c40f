"""The words that pages show for the codes of reports and their results."""

from collections.abc import Mapping

from shared.events.receipts import ReceiptState
from shared.events.vocabulary import Flag, MovementReason, OutcomeKind, RefusalReason, ReportKind, SubmissionChannel
from shared.pages.terms.translatable import N_

# Reasons to refuse a held report, which the report's author reads.
REFUSALS: Mapping[str, str] = {
    RefusalReason.NOT_CONFIRMED: N_("could not be confirmed"),
    RefusalReason.WRONG_PLACE: N_("the place is wrong, correct it and send again"),
    RefusalReason.WRONG_NUMBER: N_("the number of people is wrong, correct it and send again"),
    RefusalReason.NOT_DISPLACED: N_("these people are not displaced"),
    RefusalReason.PRACTICE: N_("sent for practice"),
    RefusalReason.DUPLICATE: N_("reported before"),
    RefusalReason.CODE_UNKNOWN: N_("no household is known by this short code, correct the code and send again"),
    RefusalReason.UNSTATED: N_("no reason stated"),
}
# Why a movement is held or has no effect, and what its author can do.
ADVICE: Mapping[str, str] = {
    MovementReason.HOUSEHOLD_UNKNOWN: N_(
        "No report about this household or group has come yet. This movement waits for the report. "
        "If you typed a short code, check the code."
    ),
    MovementReason.NOT_DISPLACED: N_("Nobody has reported that this household left its home. Report this first."),
    MovementReason.OTHER_STATUS: N_(
        "One report is an exercise and the other is real. Check whether you chose the right people."
    ),
    MovementReason.BEFORE_DEPARTURE: N_(
        "The date is before the day on which these people left. Check the date and correct the report."
    ),
    MovementReason.BEFORE_COUNT: N_(
        "The date is before the first count of this group. Check the date and correct the report."
    ),
    MovementReason.AFTER_DEATH: N_(
        "The date is after the day on which these people were reported dead. "
        "Check the date and the people, and correct the report."
    ),
    MovementReason.MEMBERS_UNKNOWN: N_(
        "The report names people who are not in this household, or more people than it has. "
        "Check the people and correct the report."
    ),
    MovementReason.SAME_PLACE: N_(
        "Nothing changed, because these people are at this place already. "
        "If they are at another place, correct the report."
    ),
}
TERMS: Mapping[str, Mapping[str, str]] = {
    "kind": {
        ReportKind.HAZARD: N_("Hazard"),
        ReportKind.HOUSEHOLD: N_("Household"),
        ReportKind.GROUP: N_("Group"),
        ReportKind.HOUSEHOLD_MOVEMENT: N_("Movement"),
        ReportKind.GROUP_MOVEMENT: N_("Movement of a group"),
        ReportKind.SITE_MOVEMENT: N_("Movement of a site"),
    },
    "count_reason": {
        "asked": N_("They or the teams were asked"),
        "incomplete": N_("The other count left people out"),
        "twice": N_("The other count has people twice"),
        "changed": N_("People came or left between the counts"),
        "mistake": N_("The earlier answer was wrong"),
    },
    "outcome": {
        OutcomeKind.RECORDED: N_("recorded"),
        OutcomeKind.MERGED: N_("merged"),
        OutcomeKind.NOTED: N_("noted"),
        OutcomeKind.ALERTED: N_("alerted"),
        OutcomeKind.SUPPRESSED: N_("suppressed"),
        OutcomeKind.HELD: N_("held"),
        OutcomeKind.REJECTED: N_("rejected"),
        OutcomeKind.REPEAT: N_("repeat"),
        OutcomeKind.SET_ASIDE: N_("set aside"),
    },
    "receipt_state": {
        ReceiptState.RECEIVED: N_("No result yet"),
        ReceiptState.RECORDED: N_("Recorded"),
        ReceiptState.UNDER_REVIEW: N_("Under review"),
        ReceiptState.REFUSED: N_("Refused by the centre"),
    },
    # what the author can do next; shown if no reason is known
    "receipt_advice": {
        ReceiptState.RECEIVED: N_("The report is stored and is processed automatically."),
        ReceiptState.UNDER_REVIEW: N_("A person decides. You need not send it again."),
    },
    "refusal": REFUSALS,
    "advice": ADVICE,
    "outcome_reason": {
        "waiting": N_("waits for what it corrects"),
        "not_author": N_("not from its author or the author's team"),
        "expired_token": N_("sign-in had expired"),
        "revoked_credential": N_("account was disabled or signed out before it was sent"),
        "other_content": N_("this report number was already used for different content"),
        "other_household": N_("names another household than before"),
        "household_unknown": N_("waits until its household or group is known"),
        "removal_by_other_team": N_("death, departure from the country or durable solution, reported by another team"),
        "whole_site": N_("moves everybody at a site, by a team that reported nobody there"),
        "too_large": N_("moves more households than one report can move"),
        "not_displaced": N_("the household was never displaced"),
        "other_status": N_("the household has no displacement with this status"),
        "before_departure": N_("dated before the household's displacement"),
        "before_count": N_("dated before the first count of the group"),
        "after_death": N_("dated after the person's death"),
        "members_unknown": N_("names persons who are not in this household"),
        "too_many_movements": N_("the household has very many movements already"),
        "corrects_duplicate": N_("corrects a report that was refused as reported before"),
        "same_place": N_("these people are at this place already"),
        "already_known": N_("was known already"),
        "refused_by_person": N_("refused by a registrar"),
    },
    "submission_channel": {
        SubmissionChannel.FIELD: N_("field form"),
        SubmissionChannel.API: N_("other system"),
        SubmissionChannel.CONSOLE: N_("console"),
        SubmissionChannel.FEED: N_("feed"),
        SubmissionChannel.IMPORT: N_("file"),
        SubmissionChannel.SMS: N_("SMS"),
        SubmissionChannel.OPENROSA: N_("ODK Collect"),
        SubmissionChannel.KOBO: N_("KoboCollect"),
    },
    "flag": {
        Flag.OUTSIDE_AREA: N_("outside the author's area"),
        Flag.EXPIRED_TOKEN: N_("sign-in had expired"),
        Flag.POINT_CONTRADICTS_CODE: N_("point and place code disagree"),
        Flag.CLOCK_AHEAD: N_("a time was ahead of the centre's clock, and corrected"),
        Flag.REGISTRAR_OF_COUNTRY: N_("by a registrar of the country"),
        Flag.REGISTRAR_OF_OBLAST: N_("by a registrar of the oblast"),
        Flag.REGISTRAR_OF_DISTRICT: N_("by a registrar of the district"),
    },
}
