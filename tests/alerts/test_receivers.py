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
    monkeypatch.setattr(receiver.console, "width", 300)  # a narrow table would break words
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
    assert re.search(r"head .*email.*head@centre\.example.*Exercise.*KG06000000000.*Severe", dayar("list").output)


def test_contacts_follow_in_the_stated_order_and_a_change_keeps_them(dayar: Dayar) -> None:
    assert dayar.secret("add", "chain", "chain@mes.example", "--then", "https://mes.example/hook", "--after", "7")
    assert dayar("change", "chain", "--step", "3").exit_code == 0
    listed = dayar("list").output
    assert re.search(r"3 .*chain.*email.*chain@mes\.example, then after 7 min", listed)
    assert re.search(r"webhook.*https://mes\.example/hook", listed)
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
    [row] = [line for line in dayar("list").output.splitlines() if "officer@" in line]
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells[0] == "2" and "person" in cells[2] and "always" in cells and "mudflow" in cells and "Severe" in cells
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
    assert " x " not in dayar("list").output


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
    [row] = [line for line in dayar("list").output.splitlines() if "own-desk" in line]
    assert "desk.example/other" in row and row.rstrip(" │┃|").endswith(expected)
    dayar("remove", "own-desk")


def test_a_receiver_is_removed(dayar: Dayar) -> None:
    dayar("add", "gone", "https://desk.example/hook")
    assert dayar("remove", "gone").exit_code == 0
    assert "gone" not in dayar("list").output


def test_a_label_is_printed_as_it_was_written(dayar: Dayar) -> None:
    """The label contains square brackets, which the library for terminal output would treat as markup."""
    assert dayar.secret("add", "[/] post", "https://desk.example/hook")
    assert "[/] post is notified by webhook" in dayar("add", "[/] post", "https://desk.example/hook").output
    assert "[/] post" in dayar("list").output
    assert "[/] post is no longer notified" in dayar("remove", "[/] post").output
    assert "no receiver called [/] post" in dayar("remove", "[/] post").output
