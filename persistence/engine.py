"""One database, SQLite or PostgreSQL, opened with the schema it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 10_000
"""How long a SQLite writer waits for another; writers are few and their transactions take milliseconds."""
POOL_SIZE = 4
"""Connections of one process: it writes one transaction at a time and reads beside it."""
CONNECT_WITHIN_S = 5
MIGRATION_LOCK = 0x7EA7
"""The PostgreSQL advisory lock under which one process migrates and the others wait."""
MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseAway(ConnectionError):
    """The database cannot be reached now. What was asked may be tried again."""


class SchemaMissing(RuntimeError):
    """The database has no schema, or another version's."""


class Database:
    """Transactions on one database. SQLite ones begin IMMEDIATE, so that two writers wait instead of
    failing."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"

    @classmethod
    async def open(cls, url: str, *, migrate: bool) -> Database:
        """Connect, and bring the schema up to date (`migrate`) or check that it is."""
        database = cls(_engine(url))
        try:
            async with database.write() as connection:
                if migrate:
                    await connection.run_sync(_upgrade)
                else:
                    await connection.run_sync(_check)
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, undone by an exception. Raises DatabaseAway."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError, DBAPIError, OSError) as error:
            if _is_away(error):
                raise DatabaseAway(f"the database cannot be reached: {error}") from error
            raise

    read = write


def _is_away(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    words = ("database is locked", "connection", "connect", "shutting down", "starting up", "closed")
    return isinstance(error, DBAPIError) and any(word in str(error.orig).lower() for word in words)


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(
            parsed.set(drivername="sqlite+aiosqlite"), connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine
    if parsed.get_backend_name() != "postgresql":
        raise ValueError(
            f"{parsed.get_backend_name()} is no database of ours; use sqlite:/// or postgresql://"
        )
    return create_async_engine(
        parsed.set(drivername="postgresql+asyncpg"),
        pool_size=POOL_SIZE,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_WITHIN_S},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, one process at a time, in the transaction of the caller."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    script = _script()

    def steps(revision: Any, context: MigrationContext) -> Any:
        if revision and script.get_current_head() not in revision and not _known(script, revision):
            raise SchemaMissing(f"the database is at revision {revision}, newer than this version knows")
        return script._upgrade_revs("head", revision)

    context = MigrationContext.configure(connection, opts={"fn": steps, "transactional_ddl": True})
    with Operations.context(context):
        context.run_migrations()


def _known(script: ScriptDirectory, revision: Any) -> bool:
    known = {found.revision for found in script.walk_revisions()}
    return all(one in known for one in ([revision] if isinstance(revision, str) else revision))


def _check(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    head = _script().get_current_head()
    if found != head:
        raise SchemaMissing(
            f"the database is at revision {found}, this version needs {head}: "
            f"start the service once, which brings it up to date"
        )
