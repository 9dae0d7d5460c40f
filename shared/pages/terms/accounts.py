"""The words for the codes of accounts, of their actions, and of the reasons for refused requests."""

from collections.abc import Mapping

from shared.audit import Action, Result
from shared.auth.tokens import Role
from shared.pages.terms.translatable import N_

TERMS: Mapping[str, Mapping[str, str]] = {
    "role": {
        Role.FIELD: N_("Field team"),
        Role.OPERATOR: N_("Operator"),
        Role.DUTY_HEAD: N_("Head of shift"),
        Role.REGISTRAR: N_("Registrar"),
        Role.ANALYST: N_("Analyst"),
        Role.INTEGRATION: N_("Other system"),
        Role.ADMINISTRATOR: N_("Administrator"),
        Role.AUDITOR: N_("Auditor"),
        Role.VIEWER: N_("Wall screen"),
    },
    "account_state": {
        "active": N_("Active"),
        "waiting": N_("Waits for a password"),
        "disabled": N_("Disabled"),
    },
    "problem": {
        "unauthenticated": N_("Signed out. Sign in again."),
        "forbidden": N_("The account's roles do not allow it."),
        "cross-origin": N_("Accepted only from this installation's own pages."),
        "not-found": N_("Not found."),
        "invalid": N_("Check the marked fields."),
        "conflict": N_("This report number was already used for different content."),
        "another-author": N_("Another account has already recorded who called."),
        "not-your-event": N_("Only the person who entered the event, or a head of shift, can correct or cancel it."),
        "may-not-release": N_("Only an operator or a head of shift can release an event."),
        "not-your-source": N_("The account does not report for that source."),
        "suppressed": N_("Nobody was notified of this alert."),
        "alert-unreadable": N_(
            "This alert cannot be shown or changed, because its stored data are damaged or come from a newer version "
            "of Dayar. It does not escalate. Call the people on duty, and tell the administrator. All other alerts "
            "work."
        ),
        "already-acknowledged": N_("Already acknowledged by somebody else."),
        "already-confirmed": N_("Already confirmed by somebody else."),
        "already-in-progress": N_("Somebody else is already working on it."),
        "already-snoozed": N_("Already snoozed by somebody else."),
        "already-resolved": N_("The alert is closed."),
        "snooze-too-long": N_(
            "Too long for its severity. At most: Extreme 30 minutes, Severe or unknown 60, others 480; "
            "a head of shift: 60, 240 and 480."
        ),
        "not-closed": N_("The alert is not closed."),
        "too-late": N_("An acknowledgement can be undone within ten seconds only."),
        "assignee-not-permitted": N_(
            "Not assigned: this person must first open the board as an operator or a head of shift."
        ),
        "assignee-not-found": N_("This person no longer gets alerts like this one. Load the page again."),
        "one-by-one": N_("An Extreme alert must be answered separately."),
        "step-not-found": N_("The checklist no longer has this step. Load the page again."),
        "number-not-found": N_("This duty number no longer exists. Load the page again."),
        "bad-filter": N_("Not saved: choose at least one part of the filter, and only what is known."),
        "too-many-filters": N_("Not saved: the account has 30 saved filters. Remove one first."),
        "purpose-needed": N_("State first what records are opened for: menu, Purpose of opening records."),
        "search-too-slow": N_("The search took too long. Fill in another field."),
        "changed-meanwhile": N_("Somebody else has changed it meanwhile. Cancel, look at the change, and try again."),
        "site-known": N_("A site with this name is in the list already, at the same place."),
        "bad-sheet": N_("This is no list of sites: the first row must name the columns, among them type and pcode."),
        "no-sheet": N_("This is neither an Excel workbook (XLSX) nor a CSV file."),
        "sheet-locked": N_(
            "The file has a password, or is a workbook of Excel 97 (XLS). Save it as XLSX without a password."
        ),
        "sheet-too-large": N_(
            "The file is too large: at most 2 MB, 2000 rows and 150 columns. Divide it into several files."
        ),
        "sheet-empty": N_("The file has no visible sheet with content."),
        "too-many-matches": N_(
            "Lists of the last hour have too many heads of households that other teams have sent. Nothing of this "
            "list was sent. Try again in an hour."
        ),
        "too-big": N_("The text is too long."),
        "too-many": N_("Too many requests at once. Wait a moment."),
        "full": N_("The queue is full. Send it again when the connection is restored."),
        "fault": N_("An error on our side. Send it again."),
        "access-unknown": N_(
            "Sign-outs and changed rights cannot be read yet. Nothing is lost, try again in a minute."
        ),
        "dependency-unavailable": N_("A part of the system does not answer. Nothing is lost, try again in a minute."),
    },
    "action": {
        Action.SIGNED_IN: N_("Sign-in"),
        Action.SIGNED_OUT: N_("Sign-out"),
        Action.LOCKED_OUT: N_("Sign-in locked"),
        Action.PASSWORD_CHANGED: N_("Password changed"),
        Action.TOKEN_ISSUED: N_("Token issued"),
        Action.SESSION_RENEWED: N_("Session renewed"),
        Action.ACCOUNT_ADDED: N_("Account added"),
        Action.RIGHTS_CHANGED: N_("Rights changed"),
        Action.ACCOUNT_CHANGED: N_("Account changed"),
        Action.LINK_ISSUED: N_("Enrolment link issued"),
        Action.ACCOUNT_DISABLED: N_("Account disabled"),
        Action.BOUND: N_("Telegram bound to the account"),
        Action.UNBOUND: N_("Telegram unbound from the account"),
        Action.ACCOUNT_ENABLED: N_("Account enabled"),
        Action.DEVICE_FORGOTTEN: N_("Phone forgotten"),
        Action.PURPOSE_CHOSEN: N_("Purpose chosen"),
        Action.REQUESTED: N_("Request"),
        Action.READ: N_("Personal data read"),
        Action.EXPORTED: N_("Export"),
        Action.STREAMED: N_("Live stream opened"),
        Action.HELD_ACCEPTED: N_("Held reports accepted"),
        Action.HELD_REFUSED: N_("Held reports refused"),
        Action.HELD_ASSIGNED: N_("Held reports assigned"),
        Action.ACCEPTANCE_REVERSED: N_("Acceptance of a held report reversed"),
        Action.DUPLICATES_ANSWERED: N_("Decided that they are two households"),
        Action.DUPLICATES_ASSIGNED: N_("Probable duplicates assigned"),
        Action.COUNTS_CHOSEN: N_("Chosen between counts that differ"),
        Action.COUNTS_ASSIGNED: N_("Counts that differ assigned"),
        Action.EVENTS_ANSWERED: N_("Answered whether people left because of an event"),
        Action.EVENTS_ASSIGNED: N_("Questions about events assigned"),
        Action.PLACES_DECIDED: N_("Decided whether places are the same"),
        Action.PLACES_ASSIGNED: N_("Questions about places assigned"),
        Action.LETTERS_ASSIGNED: N_("Failed messages assigned"),
        Action.LETTERS_REFUSED: N_("Failed messages refused"),
        Action.REDRIVEN: N_("Failed messages processed again"),
        Action.HAZARD_RELEASED: N_("Event released to the public"),
        Action.RELEASE_WITHDRAWN: N_("Release of an event withdrawn"),
        Action.SHEET_SENT: N_("Sheet of households sent"),
        Action.SHORT_CODE_DRAWN: N_("Short code of a household assigned"),
        Action.SITE_CHANGED: N_("Site changed"),
        Action.RECEIVER_CHANGED: N_("Recipient of alerts changed"),
        Action.POLICY_CHANGED: N_("Escalation policy changed"),
        Action.ROSTER_CHANGED: N_("Roster changed"),
        Action.SILENCE_CHANGED: N_("Silence of alerts added or ended"),
        Action.SHIFT_HANDED_OVER: N_("Shift handed over"),
        Action.TEMPLATES_CHANGED: N_("Message templates changed"),
        Action.DUTY_NUMBERS_CHANGED: N_("Duty numbers changed"),
        Action.SMS_IGNORED: N_("SMS of a number ignored: too many wrong codes"),
        Action.COMMAND: N_("Command at the terminal"),
    },
    "result": {
        Result.DONE: N_("Done"),
        Result.REFUSED: N_("Refused"),
        Result.FAILED: N_("Failed"),
    },
    "purpose": {
        "search_and_rescue": N_("Search and rescue"),
        "assistance": N_("Assistance to households"),
        "family_tracing": N_("Reuniting families"),
        "checking": N_("Checking of reports"),
    },
    "notice": {
        "lockout": N_("Sign-in locked for 15 minutes after too many failures"),
    },
    "lockout": {
        "browser": N_("the account, in one of its own browsers"),
        "pair": N_("the account, from this network address"),
        "account": N_("the account, in browsers that never signed in to it"),
        "address": N_("this network address, in browsers that never signed in"),
        "second_factor": N_("the account's second factor, after the right password"),
    },
}
