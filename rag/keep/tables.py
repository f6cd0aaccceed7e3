"""The tables of the records: what people gave and decided. `rag/keep/migrations` brings older databases to them."""

from sqlalchemy import Column, Float, ForeignKey, ForeignKeyConstraint, Integer, MetaData, Table, Text

VERSION = "0002"
"""The newest migration."""
records = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _project() -> Column[str]:
    return Column("project", Text, ForeignKey("projects.id"), primary_key=True)


projects = Table(
    "projects",
    records,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("archived", Float),
    Column("revision", Integer, nullable=False, default=0),  # Rises with every change of the shelf.
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
documents = Table(
    "documents",
    records,
    _project(),
    Column("name", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("file", Text, nullable=False),  # Empty where the original is not kept.
    Column("body", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
screened = Table(
    "screened",
    records,
    Column("project", Text, primary_key=True),
    Column("document", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("screen", Text, nullable=False),
    Column("decision", Text, nullable=False, default=""),
    Column("who", Text, nullable=False, default=""),
    Column("at", Float),
    ForeignKeyConstraint(["project", "document"], ["documents.project", "documents.name"], ondelete="CASCADE"),
)
decisions = Table(
    "decisions",
    records,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project", Text, ForeignKey("projects.id"), nullable=False),
    Column("document", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
settings = Table(
    "settings",
    records,
    _project(),
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
saved = Table(
    "saved",
    records,
    _project(),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
erasures = Table(  # What was removed from the records and may still stand elsewhere.
    "erasures",
    records,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project", Text, ForeignKey("projects.id"), nullable=False),
    Column("document", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
work = Table(  # Long work that outlives the process which began it.
    "work",
    records,
    _project(),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("worker", Text, nullable=False, default=""),  # Empty where nobody has claimed it.
    Column("beat", Float, nullable=False, default=0.0),  # When its worker was last heard of.
    Column("tries", Integer, nullable=False, default=0),
    Column("step", Text, nullable=False, default=""),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("result", Text),  # What came of it; NULL until it is done.
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)
