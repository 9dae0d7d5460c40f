"""The commands `dayar policy`, `silence` and `template` have the same effects and checks as the pages."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from cli import policy, silence, template, user
from cli.transactions import within
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import ReceiverKind
from tests.alerts.factories import ALAI, BATKEN
from tests.alerts.security_log import noted
from tests.alerts.test_notifications import receiver
from tests.installation import Installation, in_thread

pytestmark = pytest.mark.usefixtures("cheap_hashes")

DEFINITION = """
name = "{name}"
areas = ["KG05000000000", "KG06207000000"]
hazards = ["mudflow"]
severities = ["Severe", "Extreme"]
repeats = 2
[[steps]]
minutes = 10
acknowledgements = 2
receivers = ["{officers[0]}", "{officers[1]}"]
[[steps]]
minutes = 5
receivers = ["{officers[1]}"]
"""


@pytest.fixture
def installation(shared_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for name, value in shared_installation.env().items():
        monkeypatch.setenv(name, value)
    return shared_installation


@pytest.fixture
def officers(installation: Installation) -> list[str]:
    labels = [f"officer {uuid4()}" for _ in range(2)]

    async def add(session: AsyncSession) -> None:
        for label in labels:
            person = receiver(label, kind=ReceiverKind.PERSON, account_id=uuid4())
            await receiver_queries.save_receiver(session, person)

    in_thread(within("alerts", add))
    return labels


def dayar(group: object, *words: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(group, [str(word) for word in words], input=typed)  # type: ignore[arg-type]


def test_a_policy_is_saved_listed_shown_and_removed(officers: list[str], tmp_path: Path) -> None:
    name, file = f"mudflows {uuid4()}", tmp_path / "policy.toml"
    text = DEFINITION.format(name=name, officers=officers)
    file.write_text(text, encoding="utf-8")
    assert f"{name} is saved. Steps: 2." in dayar(policy.app, "save", file).output
    listed = dayar(policy.app, "list").output
    assert f"{name}: Severe, Extreme, KG05000000000, KG06207000000, mudflow, repeated 2 times" in listed
    assert f"1. {officers[0]}, {officers[1]}: 2 must acknowledge within 10 minutes" in listed
    shown = dayar(policy.app, "show", name).output
    assert json.loads(shown)["steps"][1]["receivers"] == [officers[1]]
    file.write_text(shown, encoding="utf-8")
    assert dayar(policy.app, "save", file).exit_code == 0, "what is shown can be saved"
    for wrong, expected in (
        (text.replace(officers[0], "who left"), "There is no: who left"),
        (text.replace("acknowledgements = 2", "acknowledgements = 3"), "At most 2 can be expected"),
        (text.replace("minutes = 10", "minutes = 0"), "minutes-0: A number from 1 to 240 is expected."),
        (text.replace("repeats", "repeat"), "repeat: Extra inputs are not permitted"),
        (text.replace("KG06207000000", "Atlantis"), "No such place, or several: Atlantis"),
        ("name = ", "An escalation policy in TOML or JSON is expected"),
    ):
        file.write_text(wrong, encoding="utf-8")
        refused = dayar(policy.app, "save", file)
        assert refused.exit_code == 1 and "Nothing was changed." in refused.output and expected in refused.output
    in_thread(within("alerts", lambda session: receiver_queries.save_receiver(session, receiver(officers[0]))))
    assert "At most 1 can acknowledge, so the next step is always notified." in dayar(policy.app, "list").output
    assert dayar(policy.app, "remove", name).exit_code == 0
    gone = dayar(policy.app, "show", name)
    assert gone.exit_code == 1 and "There is no escalation policy of this name." in gone.output
    reasons = ("added", "changed", "removed")
    assert noted("dayar policy") == [("policy_changed", reason, 1) for reason in reasons]


def test_a_silence_is_added_listed_and_ended_by_somebody_of_its_areas(installation: Installation) -> None:
    operator, head, elsewhere = (f"{role}-{uuid4()}" for role in ("operator", "head", "elsewhere"))
    for name, role, area in ((operator, "operator", ALAI), (head, "duty_head", "KG"), (elsewhere, "operator", BATKEN)):
        added = dayar(user.app, "add", name, "--role", role, "--area", area, typed="rather long words\n" * 2)
        assert added.exit_code == 0, added.output
    reason = f"sensor {uuid4()}"
    words = ("add", "--by", operator, "--area", ALAI, "--hours", 2, "--reason", reason)
    added = dayar(silence.app, *words)
    assert added.exit_code == 0 and f"{ALAI}, Moderate and below, " in added.stdout
    id = added.stdout.splitlines()[-1].split()[0]
    (line,) = (line for line in dayar(silence.app, "list").stdout.splitlines() if reason in line)
    assert line.startswith(id) and line.endswith(f"{reason} ({operator})")
    for changed, expected in (
        ((*words, "--severe-too"), "needs one of the roles duty_head"),
        ((*words, "--area", BATKEN), "Only places in your own areas are expected."),
        ((*words, "--hours", 25), "A number from 1 to 24 is expected."),
        ((*words, "--source", "A sensor"), "Codes of at most 50 sources are expected"),
        ((*words, "--from", "tomorrow"), "A date and a time within the next 7 days are expected."),
        ((*words, "--area", "Atlantis"), "No such place, or several: Atlantis"),
        (("end", id, "--by", elsewhere), "The silence also mutes alerts outside your areas."),
        (("end", uuid4(), "--by", operator), "There is no such silence."),
    ):
        refused = dayar(silence.app, *changed)
        assert refused.exit_code == 1 and expected in refused.output
    assert dayar(silence.app, "end", id, "--by", head).exit_code == 0
    assert "has ended already" in dayar(silence.app, "end", id, "--by", head).output
    assert reason not in dayar(silence.app, "list").output
    severe = dayar(silence.app, "add", "--by", head, "--source", "sensor-9", "--reason", reason, "--severe-too")
    assert "KG, sensor-9, every severity, " in severe.output


def test_a_template_is_previewed_set_listed_and_removed(installation: Installation) -> None:
    head = f"head-{uuid4()}"
    added = dayar(user.app, "add", head, "--role", "duty_head", "--area", "KG", typed="rather long words\n" * 2)
    assert added.exit_code == 0, added.output
    of = ("--channel", "sms", "--language", "en", "--hazard", "jut", "--severity", "Minor")
    text = "{hazard} in {places}: drive the herds down."
    shown = dayar(template.app, "preview", *of, text).output
    assert "rayon: drive the herds down." in shown and "With a template." in shown and "latin: 2 parts" in shown
    for wrong, expected in (
        ("{severty}", "“{severty}” is not a field of this channel."),
        ("я" * 200, "A shorter text is expected."),
    ):
        refused = dayar(template.app, "set", wrong, *of, "--by", head)
        assert refused.exit_code == 1 and "Nothing was changed." in refused.output and expected in refused.output
    assert dayar(template.app, "set", text, *of, "--by", head).exit_code == 0
    assert f"jut, Minor, sms, en: {text!r}" in dayar(template.app, "list").output
    assert "With a template." in dayar(template.app, "preview", *of).output
    assert dayar(template.app, "set", "", *of, "--by", head).exit_code == 0
    assert "jut, Minor" not in dayar(template.app, "list").output
