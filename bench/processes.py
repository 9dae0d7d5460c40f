"""Finds the children of processes, and adds up the CPU seconds of processes."""

from collections.abc import Sequence

import psutil


def family(pids: Sequence[int]) -> list[psutil.Process]:
    return [process for pid in pids for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))]


def cpu(processes: Sequence[psutil.Process]) -> float:
    return float(sum(times.user + times.system for times in (process.cpu_times() for process in processes)))
