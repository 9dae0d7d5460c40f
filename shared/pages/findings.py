"""The sentences for the findings of `dayar watch`, each with the next step for the operator."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from shared.monitoring.findings import FindingKind, MonitoringFinding
from shared.pages.formats import filters
from shared.pages.reasons import Words
from shared.pages.terms import N_, term

Gettext = Callable[[str], str]


class FindingText(NamedTuple):
    sentence: str
    advice: str


TEXTS: Mapping[FindingKind, FindingText] = {
    FindingKind.SERVICE_SILENT: FindingText(
        N_("The service {service} does not answer."),
        N_("Read the end of its log. A process that ended or hangs is restarted; if it ends again, the log says why."),
    ),
    FindingKind.SERVER_AWAY: FindingText(
        N_("{server} does not answer. Affected services: {services}."),
        N_("Start the server and read its log. Reports are still accepted and wait; nothing is lost."),
    ),
    FindingKind.WORKER_SILENT: FindingText(
        N_("The worker {worker} gives no sign of life. Last sign of life: {at}."),
        N_("Read the end of its log. A process that ended or hangs is restarted; if it ends again, the log says why."),
    ),
    FindingKind.WORKER_RESTARTS: FindingText(
        N_("The worker {worker} ends again and again: {starts} starts in the last ten minutes."),
        N_("Read the end of its log. A process that ended or hangs is restarted; if it ends again, the log says why."),
    ),
    FindingKind.FEED_SILENT: FindingText(
        N_("The feed {feed} cannot be read. Last read: {at}."),
        N_("Check the internet connection and the feed's address. Until then, enter hazards of this source by hand."),
    ),
    FindingKind.RECORDS_WAIT: FindingText(
        N_("Messages of the topic {topic} have waited for the service {service} for {minutes} minutes."),
        N_("Read the log of the service's worker: it names the server or the message that it waits for."),
    ),
    FindingKind.CONSUMER_STOPPED: FindingText(
        N_("The service {service} has stopped reading the topic {topic} (partitions: {partitions})."),
        N_("The ledger page shows the reason. See the runbook, section “When the ledger is red”."),
    ),
    FindingKind.LEDGER_UNBALANCED: FindingText(
        N_(
            "The ledger of the service {service} does not balance: {records} messages of {topic} are not accounted for."
        ),
        N_("Correct nothing yet. See the runbook, section “When the ledger is red”."),
    ),
    FindingKind.DEAD_LETTERS: FindingText(
        N_("Messages of the topic {topic} that the service {service} could not process: {letters}."),
        N_("The ledger page shows the reasons. Remove the cause, then let the service process the messages again."),
    ),
    FindingKind.HELD_OLD: FindingText(
        N_("Held reports wait for a decision: {reports}. The oldest has waited since {at}."),
        N_("A registrar or a head of shift decides on the page “Waiting”."),
    ),
    FindingKind.DISK_FULL: FindingText(
        N_("The disk of {folder} is almost full: {gib} GiB free ({percent} %)."),
        N_("Free some space or enlarge the disk. If the disk is full, no report can be accepted."),
    ),
    FindingKind.DISK_UNWRITABLE: FindingText(
        N_("The monitoring cannot write to its folder {folder} ({reason})."),
        N_(
            "Free some space or raise the quota (ENOSPC, EDQUOT), or check the disk (EROFS, EIO). Until then, reports "
            "may be refused, and the status page stays as it was."
        ),
    ),
    FindingKind.CLOCK_WRONG: FindingText(
        N_("The server's clock is wrong by {seconds} s."),
        N_("Correct it and check the time synchronisation: ages, dates and ends of alerts go by this clock."),
    ),
    FindingKind.CLOCK_UNCHECKED: FindingText(
        N_("The NTP server {server} does not answer, so the clock cannot be checked."),
        N_("Check the network and the setting NTP_SERVER."),
    ),
    FindingKind.CHANNEL_FAILING: FindingText(
        N_("Alerts are not delivered by {channel}: {deliveries} waiting, the oldest since {at}."),
        N_("The page “Sent notifications” shows the servers' answers. Tell the people on duty by telephone."),
    ),
    FindingKind.DELIVERIES_OVERDUE: FindingText(
        N_("Alerts that should have been sent by {channel} more than two minutes ago: {deliveries}."),
        N_("Read the log of the worker “alerts-worker”. Until then, tell the people on duty by telephone."),
    ),
    FindingKind.ESCALATIONS_OVERDUE: FindingText(
        N_("Unanswered alerts whose next step should have been notified more than two minutes ago: {alerts}."),
        N_("Read the log of the worker “alerts-worker”. Until then, tell the people on duty by telephone."),
    ),
    FindingKind.BOT_WITHOUT_UPDATES: FindingText(
        N_("The Telegram bot has received no updates since {at}, so nobody can answer alerts in Telegram."),
        N_("Check the internet connection and the bot's token. Until then, people answer on the board or by SMS."),
    ),
    FindingKind.ALERTS_UNREADABLE: FindingText(
        N_("Alerts in force that this release cannot read: {alerts}. Severe or Extreme ones among them: {grave}."),
        N_(
            "They do not escalate, and lists do not show them. Tell the people on duty by telephone, and install the "
            "newer release again. The log names the alerts."
        ),
    ),
    FindingKind.DELIVERIES_ABANDONED: FindingText(
        N_("Alerts that could not be delivered by {channel} in the last 24 hours: {deliveries}."),
        N_("The page “Sent notifications” shows the reasons. Check the receivers' addresses."),
    ),
    FindingKind.ALERTS_UNSENT: FindingText(
        N_("Severe or Extreme alerts that no recipient gets: {alerts}, the oldest since {at}."),
        N_("Tell the people on duty by telephone. Then correct the list of recipients and mark the heads of shift."),
    ),
    FindingKind.BACKUP_NEVER: FindingText(
        N_("No backup was made yet."),
        N_("Set up backups before data of real people is entered (runbook, section “Backing up”)."),
    ),
    FindingKind.BACKUP_FAILED: FindingText(
        N_("The backup of {at} failed."),
        N_("Read the log of the backup, remove the cause, and make a backup: dayar backup."),
    ),
    FindingKind.BACKUP_OVERDUE: FindingText(
        N_("The last backup is of {at}, and the next one is missing."),
        N_("Read the log of the backup, remove the cause, and make a backup: dayar backup."),
    ),
    FindingKind.CERTIFICATE_ENDS: FindingText(
        N_("The certificate of {host} ends at {at}."),
        N_("Renew it. If the gateway renews it by itself, read the gateway's log."),
    ),
    FindingKind.CERTIFICATE_UNREADABLE: FindingText(
        N_("The certificate of {host} cannot be read: no TLS connection to this address."),
        N_("Check the gateway, the name and the port in PUBLIC_URL."),
    ),
    FindingKind.TOKENS_END: FindingText(
        N_("Tokens that end within 14 days or have just ended: {tokens} ({kind})."),
        N_(
            "Other systems: issue new tokens (dayar user token). Phones: connect them to the network, or sign in again."
        ),
    ),
    FindingKind.CHECK_BLIND: FindingText(
        N_("Cannot be checked now: {checks} ({reason})."),
        N_(
            "Remove the cause first: the service or its database does not answer. What was known before is still shown."
        ),
    ),
}
LEVELS: Mapping[str, str] = {"warning": N_("Warning"), "failed": N_("Failure")}
TOKEN_KINDS: Mapping[str, str] = {"integration": N_("other systems"), "device": N_("phones")}
CHECKS: Mapping[str, str] = {
    "services": N_("services"),
    "workers": N_("workers"),
    "disk": N_("disk"),
    "clock": N_("clock"),
    "certificate": N_("certificate"),
    "lag": N_("waiting messages"),
    "ledger": N_("ledger"),
    "dead letters": N_("messages that failed"),
    "held reports": N_("held reports"),
    "feeds": N_("feeds"),
    "channels": N_("notification channels"),
    "unsent alerts": N_("alerts without a recipient"),
    "backup": N_("backup"),
    "tokens": N_("tokens"),
}
OF_MESSAGES: Mapping[str, str] = {
    "recovered": N_("Problem solved"),
    "since": N_("Since {since}."),
    "over": N_("It began at {since} and ended at {until}."),
    "what_to_do": N_("What to do: {advice}"),
    "footer": N_("Sent by the monitoring of {host}. Status page: {url}"),
    "test": N_("Test message of the monitoring"),
    "test_body": N_("Messages about failures of this installation will reach this address."),
}
MOMENTS = ("at",)


def sentence(finding: MonitoringFinding, language: str, gettext: Gettext) -> str:
    return gettext(TEXTS[finding.kind].sentence).format_map(Words(_shown(finding, language, gettext)))


def advice(finding: MonitoringFinding, gettext: Gettext) -> str:
    return gettext(TEXTS[finding.kind].advice)


def _shown(finding: MonitoringFinding, language: str, gettext: Gettext) -> dict[str, str]:
    number, moment = filters(language)["number"], filters(language)["moment"]
    shown = {name: number(value) if isinstance(value, int | float) else value for name, value in finding.values.items()}
    for name in MOMENTS:
        if name in shown:
            shown[name] = moment(datetime.fromisoformat(shown[name])) if shown[name] else gettext("never")
    if finding.kind is FindingKind.TOKENS_END:
        kind = TOKEN_KINDS[shown["kind"]]
        shown["kind"] = gettext(kind)
    if "channel" in shown:
        shown["channel"] = term("channel", shown["channel"], gettext)
    if "checks" in shown:
        shown["checks"] = ", ".join(gettext(CHECKS.get(name, name)) for name in shown["checks"].split(", "))
    return shown
