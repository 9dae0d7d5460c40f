"""Returns paths that an unprivileged user can read: the original file or program, or a copy."""

import compileall
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import paths, program_copies
from deploy.local.users import User

SOURCES = ("cli", "deploy", "services", "shared")


@dataclass(frozen=True, slots=True)
class Program:
    """The paths that a process needs to run `python -m services.NAME`."""

    python: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def program(state: Path, user: User | None) -> Program:
    """Return the interpreter and the checkout, or copies if the user cannot read the originals."""
    if user is None:
        return Program(Path(sys.executable), paths.ROOT)
    folder = sources(state, user)
    if _may_read_libraries(user):
        return Program(Path(sys.executable), folder)
    interpreter = _interpreter(user)
    # The user may be unable to read the original path, so the copied interpreter finds its shared libraries here.
    libraries = str(interpreter.parents[1] / "lib")
    return Program(_environment(interpreter) / "bin" / "python", folder, {"LD_LIBRARY_PATH": libraries})


def sources(state: Path, user: User) -> Path:
    """Return the checkout, or the path of a copy if the user cannot read every source file.

    An update under another umask makes only the changed files unreadable, so every file is checked. Each start makes a
    new copy, because the sources may have changed.
    """
    if user.may_read_all(*_sources()):
        return paths.ROOT
    folder = state / "program"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for source in _sources():
        _copy(source, folder / source.name)
    program_copies.open_to_all(folder)
    return folder


def compile_sources() -> None:
    """A service started by root runs as another user, who cannot write bytecode.

    Without bytecode each start would compile all modules.

    Writes missing and outdated bytecode, which all users can read.
    """
    umask = os.umask(0o022)
    try:
        for name in SOURCES:
            compileall.compile_dir(paths.ROOT / name, quiet=2)
    finally:
        os.umask(umask)


def _may_read_libraries(user: User) -> bool:
    """An update under another umask can make a single library unreadable, so every library's folder is checked."""
    libraries = [path for path in paths.wheel("fastapi").parent.iterdir() if path.name != "__pycache__"]
    return user.may("r", Path(sys.executable).resolve(), *libraries)


def _sources() -> list[Path]:
    return [paths.ROOT / name for name in SOURCES]


def reachable(file: Path, within: Path, user: User | None) -> Path:
    """Return the file, or a copy of the file if the user cannot read the original.

    The copy is made of the whole folder `within`.
    """
    if user is None or user.may("r", file):
        return file
    return _once(within, lambda _copy: None) / file.relative_to(within)


def _interpreter(user: User) -> Path:
    base, python = Path(sys.base_prefix).resolve(), Path(sys.executable).resolve()
    return python if user.may("x", python) else _once(base, lambda _copy: None) / python.relative_to(base)


def _environment(python: Path) -> Path:
    """Return a copy of the running environment with `python` as its interpreter."""

    def point_to_interpreter(copy: Path) -> None:
        link, settings = copy / "bin" / "python", copy / "pyvenv.cfg"
        link.unlink()
        link.symlink_to(python)
        lines = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith("home ")]
        settings.unlink()  # The file is a hard link, so a write would change the original.
        settings.write_text("\n".join((f"home = {python.parent}", *lines, "")), encoding="utf-8")

    return _once(Path(sys.prefix), point_to_interpreter)


def _once(folder: Path, finish: Callable[[Path], None]) -> Path:
    """Return a copy of the folder. Only a changed folder is copied anew."""
    known = f"{folder} {folder.stat().st_mtime_ns} {(folder / 'pyvenv.cfg').exists() and _stamp(folder)}"

    def fill(unfinished: Path) -> None:
        _copy(folder, unfinished)
        finish(unfinished)

    name = f"{folder.name.lstrip('.')}-{hashlib.sha256(known.encode()).hexdigest()[:12]}"
    return program_copies.made(paths.shared_home(), name, fill)


def _stamp(environment: Path) -> str:
    """`make` writes into this file when the libraries last changed."""
    file = environment / "installed"
    return file.read_text(encoding="ascii") if file.exists() else ""


def _copy(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target, symlinks=True, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    """A file is copied if other users cannot read it, or if it is on another disk. A hard link takes no space."""
    if Path(source).stat().st_mode & stat.S_IROTH:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
    else:
        shutil.copy2(source, target)
