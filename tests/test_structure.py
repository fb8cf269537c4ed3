"""The house keeps its shape: imports run down only, the pure stays pure, everything stays small."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest

import igbot

PACKAGE = Path(igbot.__file__).parent
BENCH = PACKAGE.parent / "bench"

FLOORS = (
    ("__main__",),
    ("cli",),
    ("starting",),
    ("runtime",),
    ("web", "wiring", "development", "workers"),
    ("app",),
    ("insight", "ops", "sandbox"),
    ("answering",),
    ("inbox", "outbox", "calls", "conversations", "ai", "rulebook", "rule_settings"),
    ("accounts",),
    ("store",),
    ("telemetry", "settings", "runfile"),
    ("errors",),
    ("rules",),
    ("meta",),
)
"""The rooms and the modules between them, top to bottom. Each may import from lower floors only."""

NARROW = MappingProxyType(
    {
        "sandbox": {"meta"},
        "web": {"errors", "meta", "telemetry"},
        "rulebook": {"rules", "telemetry"},
        "calls": {"errors", "meta", "store", "telemetry"},
        "settings": {"errors"},
        "telemetry": set(),
        "runfile": set(),
    }
)
"""Rooms that make do with less than their floor allows, and why they can be taken out and tried alone."""

PURE = (
    *("meta/", "rules/", "answering/turn.py", "answering/policy.py", "calls/signature.py"),
    *("outbox/breaker.py", "outbox/gate.py", "outbox/standing.py", "outbox/verdict.py"),
)
"""Same in, same out: no I/O, no clock, no environment, no logging, no chance, no waiting."""

IMPURE_MODULES = frozenset(
    {
        *("asyncio", "asyncpg", "aiohttp", "concurrent", "io", "logging", "multiprocessing", "os", "pathlib", "random"),
        *("secrets", "shutil", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time"),
        *("uuid", "warnings"),
    }
)
IMPURE_CALLS = frozenset({"open", "print", "input", "now", "utcnow", "today"})

SAYS_NOTHING = frozenset(
    {"utils", "util", "helpers", "helper", "managers", "manager", "common", "base", "core", "misc", "stuff", "tools"}
)

HEAVY = frozenset({"aiohttp", "asyncpg", "cryptography", "pydantic", "yaml", "jinja2", "watchfiles"})

LONGEST_MODULE, LONGEST_FUNCTION = 300, 60


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    return _modules_below(PACKAGE)


@cache
def all_modules() -> dict[str, Path]:
    """Those of the bench as well, which is not part of the package."""
    return modules() | _modules_below(BENCH)


def _modules_below(package: Path) -> dict[str, Path]:
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(all_modules()[name].read_text(encoding="utf-8"))


@cache
def imports(name: str) -> frozenset[str]:
    """Our modules that a module imports anywhere, in a function and for types only too."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}, line {node.lineno}: a relative import"
            source = node.module or ""
            found |= {f"{source}.{a.name}" if f"{source}.{a.name}" in all_modules() else source for a in node.names}
    return frozenset(each for each in found if each in all_modules())


def room(name: str) -> str:
    """The room or root module that a module belongs to; `""` for the package itself, which holds the version."""
    return name.split(".")[1] if "." in name else ""


def rooms() -> set[str]:
    """All rooms and root modules there are."""
    return {room(name) for name in modules()} - {""}


def pure_modules() -> list[str]:
    """The modules that have to be pure."""
    return [n for n, p in modules().items() if p.relative_to(PACKAGE).as_posix().startswith(PURE)]


def test_every_room_has_a_floor() -> None:
    """A new room or root module must be given its place in `FLOORS`."""
    placed = [name for floor in FLOORS for name in floor]
    assert len(placed) == len(set(placed))
    assert rooms() - set(placed) == set()


def test_imports_run_down_only() -> None:
    """No room imports from its own floor or from one above."""
    height = {name: -number for number, floor in enumerate(FLOORS) for name in floor}
    upward = [
        f"{name} imports {used}"
        for name in modules()
        for used in imports(name)
        if room(used) and room(name) and room(used) != room(name) and height[room(used)] >= height[room(name)]
    ]
    assert upward == []


def test_the_package_does_without_its_bench() -> None:
    """It is measured from outside, and installed without what measures it."""
    assert [name for name in modules() for used in imports(name) if used.split(".")[0] == "bench"] == []


@pytest.mark.parametrize("narrow", sorted(NARROW))
def test_some_rooms_need_even_less(narrow: str) -> None:
    """They can be tried, and taken out, with little else."""
    used = {room(used) for name in modules() if room(name) == narrow for used in imports(name)} - {narrow, ""}
    assert used - NARROW[narrow] == set()


def test_there_are_no_cycles() -> None:
    """No module reaches itself, not even through an import inside a function."""
    reaches = {name: set(imports(name)) - {name} for name in all_modules()}
    while leaves := [name for name, used in reaches.items() if not used & reaches.keys()]:
        for name in leaves:
            del reaches[name]
    in_a_circle = {name: sorted(used & reaches.keys()) for name, used in reaches.items()}
    assert in_a_circle == {}


def _impurities(name: str, source: ast.Module) -> Iterator[str]:
    for node in ast.walk(source):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"{name}:{line} waits"
        elif isinstance(node, ast.Import):
            yield from (f"{name}:{line} imports {a.name}" for a in node.names if a.name.split(".")[0] in IMPURE_MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in IMPURE_MODULES:
            yield f"{name}:{line} imports {node.module}"
        elif isinstance(node, ast.Call):
            called = node.func
            word = (
                called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            )
            if word in IMPURE_CALLS:
                yield f"{name}:{line} calls {word}"
        elif isinstance(node, ast.Global):
            yield f"{name}:{line} has global state"


def test_the_pure_is_pure() -> None:
    """What decides can be tested with values alone, and gives the same answer tomorrow."""
    names = pure_modules()
    assert {"igbot.answering.turn", "igbot.answering.policy", "igbot.outbox.verdict"} <= set(names)
    assert [found for name in names for found in _impurities(name, tree(name))] == []


@pytest.mark.parametrize("source", ["open('x')", "import os", "datetime.now(UTC)", "async def f(): ...", "x.today()"])
def test_the_look_for_impurity_finds_it(source: str) -> None:
    """A test that cannot fail proves nothing."""
    assert list(_impurities("invented", ast.parse(source)))


def test_modules_and_functions_are_short() -> None:
    """At most 300 lines a module and 60 a function."""
    too_long = []
    for name, path in all_modules().items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MODULE:
            too_long.append(f"{name}: {lines} lines")
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    too_long.append(f"{name}.{node.name}: {length} lines")
    assert too_long == []


def test_no_bots_message_can_carry_a_tag() -> None:
    """Meta's tag for what people write late (HUMAN_AGENT): only its stand-in knows how such a message is written."""
    tagging = re.compile(r"HUMAN_AGENT|MESSAGE_TAG|[\"']tag[\"']\s*:")
    below = {name: path for name, path in modules().items() if room(name) not in {"sandbox", "rules", "cli"}}
    assert [name for name, path in below.items() if tagging.search(path.read_text(encoding="utf-8"))] == []
    assert [name for name in below if "messaging_type" in below[name].read_text(encoding="utf-8")] == [
        "igbot.meta.sendapi"
    ]


def test_names_say_something() -> None:
    """No module is called by a word that fits everything."""
    assert [name for name in all_modules() if set(name.split(".")) & SAYS_NOTHING] == []


def test_every_module_says_what_it_is_for() -> None:
    """A docstring at its head; an empty `__init__.py` needs none."""
    assert [name for name in all_modules() if tree(name).body and not ast.get_docstring(tree(name))] == []


def test_nothing_registers_or_keeps_state_by_import() -> None:
    """No module changes a global, so that two apps can live in one process."""
    changed = [
        f"{name}:{node.lineno}"
        for name in all_modules()
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Global)
    ]
    assert changed == []


def test_help_is_quick_because_it_imports_little() -> None:
    """`igbot --help` leaves every heavy package alone."""
    script = (
        "import sys; from igbot.cli import main\n"
        "sys.argv = ['igbot', '--help']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print(sorted(set(sys.modules) & {set(HEAVY)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "simulate" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"
