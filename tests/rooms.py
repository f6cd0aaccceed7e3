"""Who imports whom in the house: `python -m tests.rooms` prints the table, and what lies otherwise than it should."""

import ast
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
ORDER = [
    "places", "extras", "errors", "strict", "rules", "values", "stage", "embedding", "spelling", "needed", "starts", "text",
    "harmless", "wordpiece", "governance", "keep", "clinical", "documents", "stages", "pipeline", "evaluate", "away", "langchain",
    "commands", "__main__",
]  # fmt: skip
MODULES = sorted((ROOT / "rag").rglob("*.py"))
SCRIPTS = [*MODULES, *sorted((ROOT / "pages").rglob("*.py")), ROOT / "app.py"]
LONG = 400  # lines
VOCABULARY = set(ORDER[: ORDER.index("governance")])


def imported(path: Path) -> set[str]:
    """The modules that a script imports, within functions too."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    names = {f"rag.{alias.name}" if node.module == "rag" else str(node.module) for node in found for alias in node.names}
    return names | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def part(path: Path) -> str:
    """The room or, of the vocabulary, the module in which a script of rag/ lies."""
    return path.relative_to(ROOT / "rag").parts[0].removesuffix(".py")


def table() -> list[str]:
    """A row for each room with how many of its modules import from each room."""
    counts: Counter[tuple[str, str]] = Counter()
    sizes: Counter[str] = Counter()
    for path in SCRIPTS:
        here = _room(path)
        sizes[here] += 1
        counts.update((here, room) for room in {_named(name) for name in imported(path)} - {""})
    rooms = [room for room in ("vocabulary", *ORDER, "pages", "app.py") if sizes[room]]
    width = max(map(len, rooms))
    lines = ["modules".rjust(width + 9) + "".join(room[:10].rjust(11) for room in rooms[:-1])]
    for room in reversed(rooms):
        cells = (str(counts[room, other]) if counts[room, other] else "·" for other in rooms[:-1])
        lines.append(room.ljust(width) + str(sizes[room]).rjust(9) + "".join(cell.rjust(11) for cell in cells))
    return lines


def wrong() -> list[str]:
    """Imports upward, private names of another module, and modules that are too long."""
    found = []
    for path in SCRIPTS:
        where, lines = path.relative_to(ROOT).as_posix(), len(path.read_text("utf-8").splitlines())
        found += [f"{where}: {lines} lines"] if lines > LONG else []
        found += [f"{where}: {name} is private to {module}" for module, name in private(path)]
        if path in MODULES and part(path) in ORDER:
            upward = {name for name in imported(path) if name.startswith("rag.") and _level(name) > ORDER.index(part(path))}
            found += [f"{where}: imports {name}, which lies above" for name in sorted(upward)]
    return found


def private(path: Path) -> list[tuple[str, str]]:
    """The modules, and their private names, that a script imports."""
    tree = ast.parse(path.read_text("utf-8"))
    asked = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("rag", "pages"))
    ]
    return [(str(node.module), alias.name) for node in asked for alias in node.names if alias.name.startswith("_")]


def _level(name: str) -> int:
    return ORDER.index(name.split(".")[1])


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return _named(".".join(parts).removesuffix(".py")) if parts[0] == "rag" else parts[0]


def _named(name: str) -> str:
    """The room of a module by its whole name; "" for one of a package."""
    first, _, rest = name.partition(".")
    room = rest.split(".")[0]
    return (
        first if first == "pages" else "" if first != "rag" else "vocabulary" if room in VOCABULARY | {"", "__init__"} else room
    )


if __name__ == "__main__":
    sys.stdout.write("\n".join([*table(), "", *(wrong() or ["nothing lies wrong"])]) + "\n")
