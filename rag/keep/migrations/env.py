"""What Alembic runs: the migrations, on the connection that the records give it."""

from alembic import context

from rag.keep.tables import records

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=records,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
