"""Runs the migrations, with Alembic, and refuses a database that a newer version made."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from rag.errors import SettingProblem

PLACE = Path(__file__).with_name("migrations")


def known(version: str, name: str) -> None:
    """Raises SettingProblem where the tables stand at a migration that this version does not have."""
    versions = [one.revision for one in ScriptDirectory(str(PLACE)).walk_revisions()]
    if version and version not in versions:
        raise SettingProblem(
            f"{name} was made by a newer version (its tables stand at {version!r}, this version knows up to {versions[0]}). "
            "Install that version, or choose another workspace."
        )


def upgrade(base: Connection, version: str) -> None:
    """Brings tables of this version ("" where there are none) to the newest one, within the transaction of the connection."""
    config = Config()
    config.set_main_option("script_location", str(PLACE).replace("%", "%%"))
    config.attributes["connection"] = base
    if version:
        command.stamp(config, version)
    command.upgrade(config, "head")
