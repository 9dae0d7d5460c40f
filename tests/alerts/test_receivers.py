"""The command `dayar receiver` adds a receiver, rotates the receiver's secret, and removes the receiver."""

import re

import pytest
from typer.testing import CliRunner, Result

from cli import receiver
from tests.installation import Installation


@pytest.fixture
def dayar(shared_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> "Dayar":
    for name, value in shared_installation.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(receiver.console, "width", 300)  # a narrow terminal would wrap the lines
    return Dayar()


class Dayar:
    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(receiver.app, words)

    def secret(self, *words: str) -> str:
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", self(*words).output)
        assert secret
        return secret[0]


def test_a_webhook_is_added_and_its_secret_shown_once(dayar: Dayar) -> None:
    assert dayar.secret("add", "desk", "https://desk.example/hook", "--lang", "ru", "--step", "1")
    again = dayar("add", "desk", "https://desk.example/other")
    assert again.exit_code == 0 and "whsec_" not in again.output
    listed = dayar("list").output
    assert "https://desk.example/other" in listed and "whsec_" not in listed


def test_a_secret_is_replaced_and_the_former_one_retired(dayar: Dayar) -> None:
    first = dayar.secret("add", "rotating", "https://desk.example/hook")
    assert dayar.secret("rotate", "rotating") != first
    assert "still signs" in dayar("rotate", "rotating").output
    assert dayar("retire", "rotating").exit_code == 0


def test_mail_has_no_secret(dayar: Dayar) -> None:
    added = dayar(
        "add", "head", "head@centre.example", "--status", "Exercise", "--area", "KG06000000000", "--floor", "Severe"
    )
    assert added.exit_code == 0 and "whsec_" not in added.output
    assert "in step 0 of Exercise alerts" in added.output  # without --status, the receiver gets Actual alerts only
    (block,) = re.findall(r"^head: .*\n(?:  .*\n)+", dayar("list").output, re.MULTILINE)
    assert "  email: head@centre.example\n  alerts: Exercise, from Severe\n" in block
    assert "  areas: KG06000000000\n" in block and max(map(len, block.splitlines())) <= 80


def test_contacts_follow_in_the_stated_order_and_a_change_keeps_them(dayar: Dayar) -> None:
    assert dayar.secret("add", "chain", "chain@mes.example", "--then", "https://mes.example/hook", "--after", "7")
    assert dayar("change", "chain", "--step", "3").exit_code == 0
    listed = dayar("list").output
    contacts = "  email: chain@mes.example, then after 7 min\n  webhook: https://mes.example/hook\n"
    assert f"chain: post, step 3\n{contacts}" in listed
    assert dayar("change", "chain", "--only-first").exit_code == 0
    assert "mes.example/hook" not in dayar("list").output
    dayar("remove", "chain")


def test_a_test_message_that_no_worker_sends_is_queued(dayar: Dayar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "LONGEST_TEST_SECONDS", 0)
    dayar("add", "tested", "tested@mes.example", "--then", "https://mes.example/hook")
    tested = dayar("test", "tested").output
    assert re.search(r"email: queued \(not sent yet", tested) and "webhook: queued" in tested
    dayar("remove", "tested")


def test_a_change_keeps_what_is_not_stated(dayar: Dayar) -> None:
    person = ("--kind", "person", "--post", "duty officer", "--organisation", "MES")
    when = ("--hazard", "mudflow", "--hours", "Mon 08:00-17:30", "--hours", "Fri 20:00-06:00")
    assert dayar("add", "officer", "officer@mes.example", *person, *when, "--step", "2").exit_code == 0
    assert dayar("change", "officer", "--lang", "ru", "--floor", "Severe", "--every-hour").exit_code == 0
    (block,) = re.findall(r"^officer: .*\n(?:  .*\n)+", dayar("list").output, re.MULTILINE)
    assert block.startswith("officer: person, duty officer, MES, step 2\n") and "  hazards: mudflow\n" in block
    assert "from Severe" in block and "Русский" in block and "hours" not in block
    dayar("remove", "officer")


@pytest.mark.parametrize(
    "words",
    [
        ("add", "x", "not an address"),
        ("add", "x", "https://"),
        ("add", "x", "https://desk.example", "--lang", "fr"),
        ("add", "x", "https://desk.example", "--area", "KG99"),
        ("add", "x", "https://desk.example", "--floor", "Awful"),
        ("add", "x", "https://desk.example", "--kind", "robot"),
        ("add", "x", "https://desk.example", "--hazard", "quakes"),
        ("add", "x", "https://desk.example", "--hours", "8-17"),
        ("add", "x", "https://desk.example", "--account", "aibek"),
        ("change", "nobody", "--step", "1"),
        ("test", "nobody"),
        ("add", "x", "https://desk.example", "--then", "nowhere"),
        ("add", "x", "https://desk.example", "--then", "https://other.example"),
        ("add", "x", "https://desk.example", "--then", "x@desk.example", "--after", "1", "--after", "2"),
        ("rotate", "nobody"),
        ("retire", "nobody"),
        ("remove", "nobody"),
    ],
)
def test_an_invalid_command_changes_nothing_and_says_why(dayar: Dayar, words: tuple[str, ...]) -> None:
    refused = dayar(*words)
    assert refused.exit_code in (1, 2)
    assert "Traceback" not in refused.output
    assert "\nx: " not in f"\n{dayar('list').output}"


@pytest.mark.parametrize(
    ("first", "again", "expected"),
    [
        ((), (), "Public"),
        (("--internal",), (), "all"),
        (("--internal",), ("--external",), "Public"),
        ((), ("--internal",), "all"),
    ],
)
def test_a_changed_receiver_stays_internal_or_external_unless_told(
    dayar: Dayar, first: tuple[str, ...], again: tuple[str, ...], expected: str
) -> None:
    dayar("add", "own-desk", "https://desk.example/hook", *first)
    assert dayar("add", "own-desk", "https://desk.example/other", *again).exit_code == 0
    (block,) = re.findall(r"^own-desk: .*\n(?:  .*\n)+", dayar("list").output, re.MULTILINE)
    assert "desk.example/other" in block and f"  texts: {expected}, " in block
    dayar("remove", "own-desk")


def test_a_receiver_is_removed(dayar: Dayar) -> None:
    dayar("add", "gone", "https://desk.example/hook")
    assert dayar("remove", "gone").exit_code == 0
    assert "gone" not in dayar("list").output


def test_a_label_is_printed_as_it_was_written(dayar: Dayar) -> None:
    """The label contains square brackets, which the terminal library would read as markup."""
    assert dayar.secret("add", "[/] post", "https://desk.example/hook")
    assert "[/] post is notified by webhook" in dayar("add", "[/] post", "https://desk.example/hook").output
    assert "[/] post" in dayar("list").output
    assert "[/] post is no longer notified" in dayar("remove", "[/] post").output
    assert "no receiver called [/] post" in dayar("remove", "[/] post").output
