"""Alembic's way in: runs migrations on the connection and in the transaction of `persistence.schema`."""

from alembic import context

from persistence.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
