"""The operators' manual in each language, rendered from its Markdown file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from services.console.manual.pictures import size

HERE = Path(__file__).parent
MARKDOWN = MarkdownIt("js-default")  # renders tables; HTML in a file is shown as text
# The chapters in the order of the files. The page `/manual` has these ids in each language.
CHAPTERS = (
    "sign-in",
    "board",
    "alert",
    "several-alerts",
    "snooze",
    "silences",
    "deliveries",
    "new-event",
    "new-count",
    "new-household",
    "movement",
    "phone",
    "waiting",
    "map",
    "search",
    "figures",
    "paper",
    "wall",
    "rosters",
    "shift-handover",
    "accounts",
    "exercise",
    "connection-lost",
    "failure",
)
NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Chapter:
    """`anchor` is the id by which other chapters link to this one, in the file and on the page."""

    id: str
    title: str
    anchor: str
    content: Markup


@dataclass(frozen=True, slots=True)
class Manual:
    title: str
    introduction: Markup
    chapters: Sequence[Chapter]


@cache
def manual(language: str) -> Manual:
    """Raises ValueError if the file does not have the chapters of `CHAPTERS`."""
    tokens = MARKDOWN.parse((HERE / f"{language}.md").read_text(encoding="utf-8"))
    for token in _inside(tokens):
        _adapt(token)
    starts = [number for number, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    parts = [tokens[start:end] for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True)]
    return Manual(
        title=tokens[1].content,
        introduction=_html(tokens[3 : starts[0]]),
        chapters=[_chapter(id, part) for id, part in zip(CHAPTERS, parts, strict=True)],
    )


def anchor(title: str) -> str:
    """The anchor that GitHub gives to a heading. With this anchor, a link to a chapter also works in the file."""
    return NOT_IN_ANCHOR.sub("", title.lower()).replace(" ", "-")


def _chapter(id: str, tokens: Sequence[Token]) -> Chapter:
    """The first three tokens are the heading."""
    title = tokens[1].content
    return Chapter(id, title, anchor(title), _html(tokens[3:]))


def _inside(tokens: Iterable[Token]) -> Iterator[Token]:
    return (child for token in tokens for child in token.children or ())


def _adapt(token: Token) -> None:
    """Replaces addresses that are relative to the file by the addresses that the page uses.

    A picture is loaded when it comes into view.
    """
    if token.type == "link_open":
        file = str(token.attrGet("href"))
        token.attrSet("href", f"?lang={file.removesuffix('.md')}" if file.endswith(".md") else file)
    elif token.type == "image":
        file = str(token.attrGet("src"))
        width, height = size(HERE / file)
        token.attrs |= {"src": f"/manual/{file}", "width": width, "height": height, "loading": "lazy"}


def _html(tokens: Sequence[Token]) -> Markup:
    return Markup(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))  # noqa: S704 - our own files, without HTML
