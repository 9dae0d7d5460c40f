"""Returns paths of programs and files that an unprivileged user can read: the originals, or copies."""

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
    """The running interpreter and the checkout, or copies if the user cannot read them."""
    if user is None:
        return Program(Path(sys.executable), paths.ROOT)
    folder = sources(state, user)
    if _may_read_libraries(user):
        return Program(Path(sys.executable), folder)
    interpreter = _interpreter(user)
    # the copied interpreter finds its shared libraries here, because the user may be unable to read the original path
    libraries = str(interpreter.parents[1] / "lib")
    return Program(_environment(interpreter) / "bin" / "python", folder, {"LD_LIBRARY_PATH": libraries})


def sources(state: Path, user: User) -> Path:
    """The checkout, or a copy if the user cannot read every source file.

    Every file is checked, because an update under another umask makes only the changed files unreadable. Each start
    makes a new copy, because the sources may have changed.
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
    """Services that root starts cannot write bytecode, and without it each start would compile all imports.

    Missing and outdated bytecode is written here, readable for all users.
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
    """The file, or the same file in a copy of the folder `within` if the user cannot read the file."""
    if user is None or user.may("r", file):
        return file
    return _once(within, lambda _copy: None) / file.relative_to(within)


def _interpreter(user: User) -> Path:
    base, python = Path(sys.base_prefix).resolve(), Path(sys.executable).resolve()
    return python if user.may("x", python) else _once(base, lambda _copy: None) / python.relative_to(base)


def _environment(python: Path) -> Path:
    """The copy uses the interpreter `python`."""

    def point_to_interpreter(copy: Path) -> None:
        link, settings = copy / "bin" / "python", copy / "pyvenv.cfg"
        link.unlink()
        link.symlink_to(python)
        lines = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith("home ")]
        settings.unlink()  # the file is a hard link, so writing into it would change the original
        settings.write_text("\n".join((f"home = {python.parent}", *lines, "")), encoding="utf-8")

    return _once(Path(sys.prefix), point_to_interpreter)


def _once(folder: Path, finish: Callable[[Path], None]) -> Path:
    """A new copy is made only if the folder has changed."""
    known = f"{folder} {folder.stat().st_mtime_ns} {(folder / 'pyvenv.cfg').exists() and _stamp(folder)}"

    def fill(unfinished: Path) -> None:
        _copy(folder, unfinished)
        finish(unfinished)

    name = f"{folder.name.lstrip('.')}-{hashlib.sha256(known.encode()).hexdigest()[:12]}"
    return program_copies.made(paths.shared_home(), name, fill)


def _stamp(environment: Path) -> str:
    """`make` writes the time of the last change of the libraries into a file."""
    file = environment / "installed"
    return file.read_text(encoding="ascii") if file.exists() else ""


def _copy(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target, symlinks=True, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    """A hard link takes no space. A file that other users cannot read, or that is on another disk, is copied."""
    if Path(source).stat().st_mode & stat.S_IROTH:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
    else:
        shutil.copy2(source, target)
