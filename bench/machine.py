"""What is measured on: the machine in words, how fast its disk takes data for good, and how busy processes were."""

import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_BLOCK = bytes(8192)
_LIBRARIES = ("igbot", "aiohttp", "asyncpg", "uvloop", "fastapi", "uvicorn")


@dataclass(frozen=True, slots=True)
class Machine:
    """`date` is UTC, ISO 8601 by the minute; `versions` are of the interpreter, PostgreSQL and libraries, by name."""

    date: str
    cpu: str
    cores: int
    ram_gb: float
    system: str
    disk: str
    versions: dict[str, str]

    def line(self) -> str:
        """All of it in one line."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        hardware = f"{self.cpu}, {self.cores} cores, {self.ram_gb:.0f} GB RAM, {self.disk}"
        return f"{self.date} UTC · {hardware} · {self.system} · {versions}"


def describe(directory: Path, *, postgres: str) -> Machine:
    """This machine; `directory` is on the disk that is measured, `postgres` the server's version or ""."""
    import psutil

    versions = {"Python": platform.python_version()} | ({"PostgreSQL": postgres} if postgres else {})
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return Machine(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        cpu=_cpu_model(),
        cores=psutil.cpu_count() or 1,
        ram_gb=psutil.virtual_memory().total / 2**30,
        system=_system(),
        disk=file_system(directory) or "unknown file system",
        versions=versions,
    )


def file_system(directory: Path) -> str:
    """The type of the file system that holds `directory` (ext4, tmpfs …), "" where that cannot be told."""
    import psutil

    there = directory.resolve()
    mounts = [part for part in psutil.disk_partitions(all=True) if there.is_relative_to(part.mountpoint)]
    nearest = max(mounts, key=lambda part: len(part.mountpoint), default=None)
    return str(nearest.fstype) if nearest else ""


def fdatasync_rate(directory: Path, *, seconds: float = 0.25) -> float:
    """Rewrites of the same 8 kB per second, each made durable with fdatasync (fsync where there is none)."""
    sync = getattr(os, "fdatasync", os.fsync)
    path = directory / "fdatasync.probe"
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags, 0o600)
    try:
        os.write(file, _BLOCK)
        sync(file)
        done, start = 0, time.perf_counter()
        while (now := time.perf_counter()) - start < seconds:
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, _BLOCK)
            sync(file)
            done += 1
        return done / (now - start)
    finally:
        os.close(file)
        path.unlink()


class CpuMeter:
    """CPU seconds used by processes and all they started; also by children that have ended, once reaped."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = tuple(roots)

    def seconds(self) -> float:
        """User and system time so far. A process that is gone counts as 0."""
        import psutil

        total = 0.0
        for pid in self._roots:
            try:
                root = psutil.Process(pid)
                family = [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
            for each in family:
                total += _used(each)
        return total


def machine_cpu_seconds() -> float:
    """CPU seconds that all cores together have been busy since the machine started."""
    import psutil

    times = psutil.cpu_times()
    # Guests' time is in user's as well.
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _used(process: Any) -> float:
    import psutil

    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + getattr(times, "children_user", 0) + getattr(times, "children_system", 0))


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _system() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            pass
    return f"{platform.system()} {platform.release()}"
