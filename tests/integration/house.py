"""The import graph of the five rooms, read from the source without importing it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOMS = ("models", "asr", "nlu", "ticket_draft", "serving")
"""From left to right: each may import only what stands to its left."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a module; `eager` when it runs as the importing module is imported."""

    target: str
    line: int
    eager: bool


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path
    lines: int
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]


House = Mapping[str, Module]


def read_house(root: Path) -> House:
    """Read every module of the rooms below `root`; house imports are resolved to modules."""
    paths = [path for room in ROOMS for path in sorted((root / room).rglob("*.py"))]
    names = {_module_name(root, path): path for path in paths}
    house = {}
    for name, path in names.items():
        source = path.read_text(encoding="utf-8")
        found = tuple(_imports(ast.parse(source, str(path)), name, path, set(names)))
        house[name] = Module(name, path.relative_to(root), len(source.splitlines()), found)
    return house


def layer_faults(house: House) -> list[str]:
    """Imports that point to the right."""
    return [
        f"{module.path}:{found.line} imports {found.target}"
        for module in house.values()
        for found in module.imports
        if (room := found.target.partition(".")[0]) in ROOMS
        and ROOMS.index(room) > ROOMS.index(module.room)
    ]


def import_cycle(house: House) -> list[str]:
    """Names of modules that import each other while they are being imported; empty if none."""
    graph = {
        module.name: {i.target for i in module.imports if i.eager and i.target in house}
        for module in house.values()
    }
    for name in graph:
        graph[name].discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def ownership_faults(house: House, owners: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Imports of a library by a room that does not own it."""
    return [
        f"{module.path}:{found.line} imports {found.target}"
        for module in house.values()
        for found in module.imports
        if (library := found.target.partition(".")[0]) in owners
        and module.room not in owners[library]
    ]


def libraries(house: House, *, eager: bool) -> dict[str, set[str]]:
    """Third-party packages by name, each with the modules that import it (eagerly or lazily)."""
    found: dict[str, set[str]] = {}
    for module in house.values():
        for item in module.imports:
            top = item.target.partition(".")[0]
            if item.eager == eager and top not in ROOMS and top not in sys.stdlib_module_names:
                found.setdefault(top, set()).add(module.name)
    return found


def reached(house: House, start: str) -> set[str]:
    """Third-party packages that importing the module `start` pulls in through the house."""
    seen: set[str] = set()
    outside: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in house:
            outside.add(name.partition(".")[0])
            continue
        parents = name.split(".")[:-1]
        todo += [".".join(parents[: i + 1]) for i in range(len(parents))]
        todo += [item.target for item in house[name].imports if item.eager]
    return {name for name in outside if name not in ROOMS and name not in sys.stdlib_module_names}


def _module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module, name: str, path: Path, names: set[str]) -> Iterator[Import]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node, eager in _walk(tree, eager=True):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, eager)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, base]).rstrip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Import(inner if inner in names else base, node.lineno, eager)


def _walk(node: ast.AST, *, eager: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield every node with whether it runs at import (functions, TYPE_CHECKING blocks do not)."""
    for child in ast.iter_child_nodes(node):
        lazy = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        runs = eager and not lazy and not checking
        yield child, runs
        yield from _walk(child, eager=runs)
