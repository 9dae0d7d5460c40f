"""Writes to the terminal: one line for each server with its start time, and a progress bar for downloads."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


class Terminal:
    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._bar: Progress | None = None
        self._lock = threading.Lock()  # Several threads download jars and write to the terminal.

    @contextmanager
    def timed(self, title: str, *, least: float = 0.0) -> Iterator[None]:
        """Print a line with the duration of a step that took at least `least` seconds."""
        began = time.monotonic()
        yield
        if (lasted := time.monotonic() - began) >= least:
            self.console.print(f"  [green]✓[/] {title:<34}{lasted:6.1f} s")

    def say(self, text: str) -> None:
        self.console.print(text)

    def warn(self, text: str) -> None:
        self.console.print(f"  [yellow]![/] {escape(text)}")

    def refuse(self, text: str) -> None:
        self.console.print(f"[red]✗[/] {escape(text)}")

    def fetched(self, done: int, total: int) -> None:
        """Shows the download of Kafka's jars."""
        with self._lock:
            if self._bar is None:
                self._bar = Progress(
                    TextColumn("  Kafka's jars, once"),
                    BarColumn(),
                    DownloadColumn(),
                    TimeRemainingColumn(),
                    console=self.console,
                    transient=True,
                )
                self._bar.start()
                self._bar.add_task("jars", total=total)
            self._bar.update(self._bar.task_ids[0], completed=done)
            if done >= total:
                self._bar.stop()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
