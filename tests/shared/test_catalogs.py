"""Every text of every page is translated into Kyrgyz and Russian. A translation has the placeholders of its text."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment, nodes

from shared.pages import TERMS, messages
from shared.pages.catalogs import translations
from shared.pages.pages import EXTENSIONS

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
BARE_PERCENT = re.compile(r"%(?!\(\w+\)[sd])")
CATALOGS = [
    pytest.param(folder, language, id=f"{folder.name}-{language}")
    for folder in messages.places()
    for language in messages.TRANSLATED
]
# cached, because the function reads all templates and all code of a folder
extracted = cache(messages.extracted)


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_every_text_is_translated(folder: Path, language: str) -> None:
    known = messages.known(folder, language)
    ids = [message.id for message in extracted(folder) if message.id]
    assert [text for text in ids if text not in known or not all(strings(known[key(text)]))] == []


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_no_translation_outlives_its_text(folder: Path, language: str) -> None:
    current = extracted(folder)
    assert [
        message.id for message in messages.known(folder, language) if message.id and message.id not in current
    ] == []


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_placeholders_agree(folder: Path, language: str) -> None:
    _header, *known = messages.known(folder, language)
    for message in known:
        allowed = {name for text in texts(message) for name in PLACEHOLDER.findall(text)}
        is_formatted = not any(has_bare_percent(text) for text in texts(message))
        for string in filter(None, strings(message)):
            assert not (is_formatted and has_bare_percent(string)), string
            assert set(PLACEHOLDER.findall(string)) <= allowed, string
            assert message.pluralizable or set(PLACEHOLDER.findall(string)) == allowed, string


def has_bare_percent(text: str) -> bool:
    """True for a text with a single percent sign outside placeholders.

    A template formats each text, so a single percent sign causes an error. Such an error would occur in one language
    only.
    """
    return BARE_PERCENT.search(text.replace("%%", "")) is not None


@pytest.mark.parametrize("folder", list(messages.places()), ids=lambda folder: folder.name)
def test_a_page_has_the_same_elements_in_each_language(folder: Path) -> None:
    """No template makes a decision by the page's language.

    Only the links to the languages may do so, to mark the page's own language.
    """
    for template in folder.rglob("templates/**/*.html"):
        assert list(decided_by_language(template.read_text(encoding="utf-8"))) == [], template


@pytest.mark.parametrize(
    "decision", ['{% if language.startswith("k") %}{% endif %}', '{% set is_kyrgyz = language == "ky" %}']
)
def test_a_decision_by_the_language_is_found(decision: str) -> None:
    assert list(decided_by_language(decision)) == [1]


def decided_by_language(template: str) -> Iterator[int]:
    for decision in decisions(template):
        names = set(names_of(decision))
        if "language" in names and names != {"code", "language"}:
            yield decision.lineno


def names_of(node: nodes.Node) -> Iterator[str]:
    """Yields the names in an expression.

    The arguments of calls are left out: a function that gets the language returns a text.
    """
    if isinstance(node, nodes.Name):
        yield node.name
    for child in [node.node] if isinstance(node, nodes.Call) else node.iter_child_nodes():
        yield from names_of(child)


def decisions(template: str) -> Iterator[nodes.Node]:
    parsed = Environment(extensions=EXTENSIONS).parse(template)
    kinds: tuple[type[nodes.If | nodes.CondExpr | nodes.For], ...] = (nodes.If, nodes.CondExpr, nodes.For)
    yield from (node.test for node in parsed.find_all(kinds) if node.test is not None)
    yield from (node.node for node in parsed.find_all(nodes.Assign))


@pytest.mark.parametrize(("folder", "language"), CATALOGS)
def test_every_catalog_says_who_reviewed_it(folder: Path, language: str) -> None:
    _, review, *_ = messages.file_of(folder, language).read_text(encoding="utf-8").splitlines()
    assert review.startswith("# Reviewed by: ")


def test_a_reviewers_name_stays_when_texts_are_updated(tmp_path: Path) -> None:
    header = '# ky texts of a service.\n# Reviewed by: Aigul Asanova, CMC, 1 December 2026.\nmsgid ""\nmsgstr ""\n'
    file = messages.file_of(tmp_path, "ky")
    file.parent.mkdir(parents=True)
    file.write_text(header, encoding="utf-8")
    messages.update(tmp_path, "ky")
    assert "# Reviewed by: Aigul Asanova, CMC, 1 December 2026." in file.read_text(encoding="utf-8").splitlines()


def key(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def texts(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message | None) -> tuple[str, ...]:
    if message is None:
        return ("",)
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def test_the_console_names_the_states_of_a_site_as_all_services_do() -> None:
    """The console's own catalog comes before the shared catalog.

    A button and a state of a site must not have the same English text: the state would get the button's translation.
    """
    own, common = translations("ky", messages.ROOT / "services/console/locales"), translations("ky")
    for name in TERMS["site_state"].values():
        assert own.gettext(name) == common.gettext(name)


@pytest.mark.parametrize(("count", "words"), [(21, "около %(num)s семьи"), (24, "около %(num)s семей")])
def test_a_number_after_a_preposition_has_its_form(count: int, words: str) -> None:
    registry = translations("ru", messages.ROOT / "services/registry/locales")
    assert registry.ungettext("about %(num)s family", "about %(num)s families", count) == words


# English texts with several meanings, or with several forms in other languages.
SEVERAL = {
    "Abroad",
    "All",
    "Cancel",
    "Counted",
    "Ended, not acknowledged",
    "Failed",
    "Female",
    "Male",
    "Person",
    "Present now",
    "Sites",
}


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_a_text_has_one_translation_in_all_catalogs(language: str) -> None:
    translated: dict[str, set[str]] = {}
    for folder in messages.places():
        for message in messages.known(folder, language):
            if isinstance(message.id, str) and message.id not in SEVERAL:
                translated.setdefault(message.id, set()).update(strings(message))
    assert {text: found for text, found in translated.items() if text and len(found) > 1} == {}
