"""Code for several page scripts is in one module. A page contains all texts that its scripts show."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = {"hpke.js"}  # the code of a bundled library
SCRIPTS = [
    file
    for room in ("services", "shared")
    for file in (ROOT / room).rglob("static/**/*.js")
    if file.name not in FOREIGN
]
HOMES = {
    "the zone and its offset": (r"Asia/Bishkek|\+06:00|6 \* 3_600_000|21_600", "time.js"),
    "random UUIDs": (r"randomUUID|getRandomValues", "uuid.js"),
    "the search for an element that must be there": (r"function element\(", "elements.js"),
    "new elements": (r"[ (]document\.createElement\(", "elements.js"),
}


@pytest.mark.parametrize("subject", HOMES)
def test_one_script_is_the_home_of(subject: str) -> None:
    pattern, home = HOMES[subject]
    assert {file.name for file in SCRIPTS if re.search(pattern, file.read_text(encoding="utf-8"))} == {home}


def used(script: Path) -> set[str]:
    return set(re.findall(r'sentence\("(\w+)"', script.read_text(encoding="utf-8")))


def given(template: Path) -> set[str]:
    """Returns the names of the texts that a template passes to scripts as JSON.

    The texts of imported templates are included.
    """
    source = template.read_text(encoding="utf-8")
    islands = list(re.finditer(r"(?:set \w+_texts = |dict\()(?:(\w+), \*\*)?\{(.*?)\n *\}", source, re.DOTALL))
    own = {name for island in islands for name in re.findall(r'^ +"(\w+)":', island[2], re.MULTILINE)}
    combined = re.findall(r"dict\((\w+), \*\*", source)
    taken = [re.search(rf'from "([\w-]+\.html)" import [\w, ]*\b{name}\b', source) for name in combined]
    return own.union(*(given(imported_template(template, found[1])) for found in taken if found))


def imported_template(template: Path, name: str) -> Path:
    own = next(folder for folder in template.parents if folder.name == "templates") / name
    return own if own.exists() else ROOT / "shared/pages/templates" / name


def scripts_of(path: str) -> set[Path]:
    """Returns a script, and all scripts that it imports directly or indirectly. `path` begins below `/static/`."""
    seen, waiting = set[Path](), [path]
    while waiting:
        wanted = waiting.pop()
        [file] = [file for file in SCRIPTS if served_as(file) == wanted and "field" not in file.parts]
        if file not in seen:
            seen.add(file)
            imported = re.findall(r'from "(?:/static/|\./)([\w/-]+\.js)"', file.read_text(encoding="utf-8"))
            waiting += imported  # `./` occurs only in scripts directly below `/static/`
    return seen


def served_as(script: Path) -> str:
    return script.as_posix().rpartition("/static/")[2]


def chain_of(template: Path) -> list[Path]:
    """Returns the template, and all templates that it includes or extends."""
    named = re.findall(r'(?:extends|include) "([\w/-]+\.html)"', template.read_text("utf-8"))
    return [template, *(each for name in named for each in chain_of(imported_template(template, name)))]


FILES = [
    file
    for room in ("services", "shared")
    for file in (ROOT / room).rglob("templates/*.html")
    if "field" not in file.parts
]
PARTS = {part for file in FILES for part in chain_of(file)[1:] if part.name != "layout.html"}
TEMPLATES = [
    file
    for file in FILES
    if file not in PARTS and any("/static/" in each.read_text("utf-8") for each in chain_of(file))
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.stem)
def test_a_page_has_every_text_that_its_scripts_show(template: Path) -> None:
    chain = chain_of(template)
    source = "".join(each.read_text("utf-8") for each in chain if each.name != "layout.html")
    own = re.findall(r'(?:src|data-script)="/static/([\w/-]+\.js)"', source)
    scripts = {file for name in own for file in scripts_of(name)}
    assert scripts or not own
    shown = {name for script in scripts for name in used(script)}
    assert shown - given(ROOT / "shared/pages/templates/layout.html") - set[str]().union(*map(given, chain)) == set()


def test_no_template_has_sentences_in_attributes_of_its_own() -> None:
    """Attributes may contain headings of table cells, because a stylesheet shows them.

    All other texts must be outside.
    """
    unused = [
        (file.name, name)
        for room in ("services", "shared")
        for file in (ROOT / room).rglob("templates/**/*.html")
        for name in re.findall(r"""data-([\w-]+)=["']\{\{ _\(""", file.read_text(encoding="utf-8"))
    ]
    assert {name for _, name in unused} <= {"label"}
