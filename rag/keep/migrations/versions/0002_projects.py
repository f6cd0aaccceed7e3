"""Every record belongs to a project and says who wrote it when; what was there belongs to the project "default"."""

import time
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None

OLD = ("documents", "screened", "settings", "decisions", "saved")
DEFAULT, NOBODY = "default", ""


def upgrade() -> None:
    """Puts the old tables aside, makes the new ones, and brings over what stood in them."""
    for name in OLD:
        op.rename_table(name, f"old_{name}")
    for statement in _constraints():
        op.execute(statement)
    _make()
    moved: Sequence[tuple[str, str, str]] = (
        ("projects", "id, name, revision, who, at", f"SELECT '{DEFAULT}', '{DEFAULT}', 0, '{NOBODY}', {time.time()}"),
        (
            "documents",
            "project, name, content, file, body, who, at",
            f"SELECT '{DEFAULT}', name, content, COALESCE(file, ''), body, '{NOBODY}', COALESCE(added, 0) FROM old_documents",
        ),
        (
            "screened",
            "project, document, status, findings, screen, decision, who, at",
            f"""SELECT '{DEFAULT}', document, status, findings,
            COALESCE(screen, ''), COALESCE(decision, ''), COALESCE(who, ''), at
            FROM old_screened WHERE document IN (SELECT name FROM old_documents)""",
        ),
        (
            "decisions",
            "project, document, decision, findings, threshold, who, at",
            f"SELECT '{DEFAULT}', document, decision, findings, threshold, COALESCE(who, ''), at FROM old_decisions ORDER BY at",
        ),
        (
            "settings",
            "project, name, body, who, at",
            f"SELECT '{DEFAULT}', name, body, '{NOBODY}', 0 FROM old_settings",
        ),
        (
            "saved",
            "project, kind, name, body, who, at",
            f"SELECT '{DEFAULT}', kind, name, body, '{NOBODY}', at FROM old_saved",
        ),
    )
    for table, columns, query in moved:
        op.execute(f"INSERT INTO {table} ({columns}) {query}")
    for name in OLD:
        op.drop_table(f"old_{name}")


def _constraints() -> list[str]:
    """What frees the names of the old primary keys, where a database keeps those beside the tables."""
    if op.get_bind().dialect.name != "postgresql":
        return []
    return [f"ALTER TABLE old_{name} RENAME CONSTRAINT pk_{name} TO old_pk_{name}" for name in OLD if name != "decisions"]


def _make() -> None:
    belongs = ("project", sa.Text)
    op.create_table(
        "projects",
        sa.Column("id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("archived", sa.Float),
        sa.Column("revision", sa.Integer, nullable=False),
        *_written(),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )
    op.create_table(
        "documents",
        sa.Column(*belongs),
        sa.Column("name", sa.Text),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        *_written(),
        sa.PrimaryKeyConstraint("project", "name", name="pk_documents"),
        _of_project("documents"),
    )
    op.create_table(
        "screened",
        sa.Column(*belongs),
        sa.Column("document", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("screen", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.Float),
        sa.PrimaryKeyConstraint("project", "document", name="pk_screened"),
        sa.ForeignKeyConstraint(
            ["project", "document"], ["documents.project", "documents.name"], name="fk_screened_documents", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, autoincrement=True),
        sa.Column(*belongs, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        *_written(),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        _of_project("decisions"),
    )
    for name, keys in (("settings", ("name",)), ("saved", ("kind", "name"))):
        op.create_table(
            name,
            sa.Column(*belongs),
            *(sa.Column(key, sa.Text) for key in keys),
            sa.Column("body", sa.Text, nullable=False),
            *_written(),
            sa.PrimaryKeyConstraint("project", *keys, name=f"pk_{name}"),
            _of_project(name),
        )
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer, autoincrement=True),
        sa.Column(*belongs, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        *_written(),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        _of_project("erasures"),
    )
    op.create_table(
        "work",
        sa.Column(*belongs),
        sa.Column("kind", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("beat", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("result", sa.Text),
        *_written(),
        sa.PrimaryKeyConstraint("project", "kind", "key", name="pk_work"),
        _of_project("work"),
    )


def _written() -> tuple[sa.Column[str], sa.Column[float]]:
    return sa.Column("who", sa.Text, nullable=False), sa.Column("at", sa.Float, nullable=False)


def _of_project(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["project"], ["projects.id"], name=f"fk_{table}_projects")
