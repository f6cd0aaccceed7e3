"""What to install for an option that needs more than the workbench brings: the extras of the package, and their commands."""

import tomllib
from importlib.metadata import requires

from rag.places import INSTALLED, NAME, SITE


def install(extra: str) -> str:
    """The command for an extra of pyproject.toml."""
    return f"pip install {' '.join(packages(extra))} (or the extra: {NAME}[{extra}])"


def packages(extra: str) -> list[str]:
    """What an extra holds, each package with its version."""
    if INSTALLED:
        told = (line.partition(";") for line in requires(NAME) or ())
        return [package.strip() for package, _, marker in told if marker.split() == ["extra", "==", f"'{extra}'"]]
    project = tomllib.loads(SITE.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    return list(project["optional-dependencies"][extra])
