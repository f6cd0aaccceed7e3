"""The tables as version 0.5 made them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = depends_on = None


def upgrade() -> None:
    """Makes them as they were, so that a new database goes the way of an old one."""
    op.create_table(
        "documents",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("content", sa.Text),
        sa.Column("file", sa.Text),
        sa.Column("added", sa.Float),
        sa.Column("characters", sa.Integer),
        sa.Column("body", sa.Text),
    )
    op.create_table(
        "screened",
        sa.Column("document", sa.Text, primary_key=True),
        sa.Column("status", sa.Text),
        sa.Column("findings", sa.Text),
        sa.Column("screen", sa.Text),
        sa.Column("decision", sa.Text),
        sa.Column("who", sa.Text),
        sa.Column("at", sa.Float),
    )
    op.create_table("settings", sa.Column("name", sa.Text, primary_key=True), sa.Column("body", sa.Text))
    op.create_table(
        "decisions",
        sa.Column("at", sa.Float),
        sa.Column("who", sa.Text),
        sa.Column("document", sa.Text),
        sa.Column("decision", sa.Text),
        sa.Column("findings", sa.Text),
        sa.Column("threshold", sa.Float),
    )
    op.create_table(
        "saved",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("body", sa.Text),
        sa.Column("at", sa.Float),
    )
