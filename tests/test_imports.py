"""The arrows of import: who may know of whom, read off the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("services", "handlers", "main", "tests", "bench")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_of(path): ast.parse(path.read_text())
    for folder in ("services", "handlers")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
}


def imported(module: str) -> Iterator[str]:
    """Every module this one names in an import, wherever the import stands."""
    for node in ast.walk(SOURCES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by dots"
            assert node.module is not None
            yield node.module
            # ``from package import module`` names the module too.
            for alias in node.names:
                if f"{node.module}.{alias.name}" in SOURCES:
                    yield f"{node.module}.{alias.name}"


def ours(module: str) -> set[str]:
    return {name for name in imported(module) if name.split(".")[0] in OURS}


# From the top of the house down: a module imports its own floor and those below it.
FLOORS = (
    "handlers",
    "services.pulso",
    "services.choices",
    "services.several",
    "services.server",
    "services.streams",
    "services.bots",
    "services.chats",
    "services.assistant",
    "services.access",
    "services.whatsapp",
    "services.media",
    "services.store",
    "services.bus",
)
# What stands on the ground has nothing of ours below it but its like.
GROUND = (
    "config",
    "errors",
    "timestamps",
    "tasks",
    "files",
    "text",
    "weak_passwords",
    "setting_values",
)
# What thinks without a store, a network or a loop of its own.
PURE = (
    *(
        f"services.{name}"
        for name in ("config", "errors", "timestamps", "text", "weak_passwords", "setting_values")
    ),
    *(
        f"services.bus.{name}"
        for name in ("events", "control_events", "cursor", "sse", "history", "block")
    ),
    "services.bots.status",
    "services.media.kinds",
    "services.whatsapp.baileys.wire",
    "services.whatsapp.baileys.status_codes",
)


def floor_of(module: str) -> int:
    """The floor a module stands on, counted from the top; ``services`` itself is the ground."""
    for floor, name in enumerate(FLOORS):
        if module == name or module.startswith(f"{name}."):
            return floor
    assert module == "services" or module.split(".")[1] in GROUND, f"{module} has no room"
    return len(FLOORS)


@pytest.mark.parametrize("module", SOURCES)
def test_arrows_point_downwards(module: str) -> None:
    up = [name for name in ours(module) if floor_of(name) < floor_of(module)]
    assert not up, f"{module} imports upwards: {up}"


@pytest.mark.parametrize("module", [name for name in SOURCES if name.startswith("handlers")])
def test_handlers_import_services_and_of_each_other_the_base_only(module: str) -> None:
    if module == "handlers.application":
        return  # it holds the table of routes
    shared = (
        "handlers.base",
        "handlers.uploads",
        "handlers.calls",
        "handlers.answers",
        "handlers.requests",
    )
    assert all(
        name.startswith("services.") or name == "handlers" or name.startswith(shared)
        for name in ours(module)
    )


@pytest.mark.parametrize("module", [name for name in SOURCES if name.startswith("services")])
def test_services_know_neither_handlers_nor_main_nor_the_web_framework(module: str) -> None:
    assert all(name.startswith("services") for name in ours(module))
    assert not any(name.startswith("tornado.web") for name in imported(module))


@pytest.mark.parametrize("module", SOURCES)
def test_sql_is_written_in_the_store_only(module: str) -> None:
    if not module.startswith("services.store"):
        assert not any(name.split(".")[0] == "sqlalchemy" for name in imported(module))


@pytest.mark.parametrize("module", sorted({*PURE} & {*SOURCES}))
def test_the_core_does_no_io(module: str) -> None:
    reaching_out = ("asyncio", "socket", "tornado", "sqlalchemy", "httpx", "subprocess", "os")
    assert not [name for name in imported(module) if name.split(".")[0] in reaching_out]


def test_nobody_imports_in_a_circle() -> None:
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module in done:
            return
        for name in ours(module):
            # A package and its own modules are one.
            if name in SOURCES and not module.startswith(name + "."):
                walk(name, (*path, module))
        done.add(module)

    for module in SOURCES:
        walk(module, ())


@pytest.mark.parametrize("module", SOURCES)
def test_imports_stand_at_the_top(module: str) -> None:
    tree = SOURCES[module]
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    inner = [
        n for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    assert inner == []
    assert not any(
        alias.name == "*"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
