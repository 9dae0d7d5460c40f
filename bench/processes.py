"""Finds the children of processes, and adds up the CPU seconds of processes."""

from collections.abc import Sequence

import psutil


def family(pids: Sequence[int]) -> list[psutil.Process]:
    return [process for pid in pids for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))]


def cpu(processes: Sequence[psutil.Process]) -> float:
    """The CPU seconds include those of child processes that have ended."""
    return sum(map(_cpu, processes))


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
