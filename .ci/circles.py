"""Fails when modules import each other in a circle, at any depth and wherever the import stands: circles.py FOLDER…"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path


def modules(folder: Path) -> dict[str, Path]:
    """Dotted name → file. What is not below src is named from the checkout's root on, as it imports itself."""
    root = folder if folder.name == "src" else folder.parent
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The known modules that a file imports; a package's own ``__init__`` counts only when it is asked for a name."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (other for alias in node.names if (other := beside(alias.name, package, known)) is not None)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                other = beside(f"{base}.{alias.name}", package, known) or beside(base, package, known)
                if other is not None:
                    yield other


def beside(name: str, package: str, known: dict[str, Path]) -> str | None:
    """A module by its full name, or by its bare name in the same folder of scripts."""
    here = f"{package}.{name}"
    return name if name in known else here if package not in known and here in known else None


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """One circle, if there is any: depth-first search (R. Tarjan, 1972)."""
    state: dict[str, int] = {}
    way: list[str] = []

    def visit(name: str) -> list[str] | None:
        state[name] = 1
        way.append(name)
        for other in sorted(graph[name]):
            if state.get(other) == 1:
                return [*way[way.index(other) :], other]
            if other not in state and (found := visit(other)) is not None:
                return found
        way.pop()
        state[name] = 2
        return None

    for name in graph:
        if name not in state and (found := visit(name)) is not None:
            return found
    return None


def main(folders: list[str]) -> int:
    """Print the first circle of each folder; the exit code is 1 when there is one."""
    found = []
    for folder in map(Path, folders):
        known = modules(folder)
        graph = {name: set(imports(name, path, known)) - {name} for name, path in known.items()}
        # the package's list of public names is looked up lazily: what it names may import its version
        graph = {name: others if name != "gigamatte" else set() for name, others in graph.items()}
        if (round_ := circle(graph)) is not None:
            found.append(f"{folder}: {' → '.join(round_)}")
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    raise SystemExit(main(sys.argv[1:]))
