"""The options that several commands of `dayar receiver` share."""

from typing import Annotated
from uuid import UUID

import typer

from services.alerts.receivers.receivers import ReceiverKind
from shared.events.vocabulary import HazardType, Severity, Status

Label = Annotated[str, typer.Argument(help="What the receiver is called on the pages, e.g. `duty desk`.")]
Address = Annotated[
    str,
    typer.Argument(  # without square brackets, which typer would read as markup
        help="A URL for a webhook, an e-mail address, telegram:<chat id> or telegram:<chat id>/<topic id>, "
        "or sms:<number>."
    ),
]
Language = Annotated[str | None, typer.Option("--lang", help="ky, ru or en; ky without this option.")]
Statuses = Annotated[list[Status] | None, typer.Option("--status", help="Which alerts: Actual, Exercise, Test.")]
Step = Annotated[
    int | None, typer.Option(min=0, max=20, help="Step 0 is notified first, higher steps if nobody acknowledges.")
]
Areas = Annotated[list[str] | None, typer.Option("--area", help="P-codes; none, or KG = the whole country.")]
Floor = Annotated[Severity | None, typer.Option(help="The lowest severity that is sent.")]
Internal = Annotated[
    bool | None,
    typer.Option(
        "--internal/--external",
        help="Whether it is the centre's own, and gets the texts of Restricted events too. "
        "Without this option, a new receiver is external, and a changed one stays as it is.",
    ),
]
Kind = Annotated[
    ReceiverKind | None,
    typer.Option(help="person, post or system. Without this option, a webhook is a system, an e-mail address a post."),
]
Organisation = Annotated[str | None, typer.Option(help="The organisation, e.g. `Ministry of Emergency Situations`.")]
Post = Annotated[str | None, typer.Option(help="The job title, e.g. `duty officer`.")]
Account = Annotated[UUID | None, typer.Option(help="The id of the person's account in the console.")]
Hazards = Annotated[list[HazardType] | None, typer.Option("--hazard", help="Types of hazards; none = all.")]
Hours = Annotated[
    list[str] | None,
    typer.Option(
        help="Local hours, e.g. `Mon 08:00-17:30`; none = always. Severe and Extreme alerts are sent at every hour."
    ),
]

RosterName = Annotated[
    str | None,
    typer.Option(
        "--roster",
        help="A roster. With a post, the person on duty is notified too; a person is notified only while on duty.",
    ),
]

DutyHead = Annotated[
    bool | None,
    typer.Option(
        "--duty-head/--no-duty-head",
        help="Whether it gets every Severe and Extreme alert that nobody acknowledges at the last step.",
    ),
]

Then = Annotated[
    list[str] | None,
    typer.Option(
        help="The next contact, if the one before fails or is not answered in time; each channel once, in this order."
    ),
]
After = Annotated[
    list[int] | None,
    typer.Option(min=1, max=60, help="Minutes until the next contact; one number for all, or one for each `--then`."),
]
