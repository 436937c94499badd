"""One database, SQLite or PostgreSQL, opened with the schema it needs."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from persistence import schema
from persistence.schema import SchemaMissing, SchemaNewer

__all__ = ["Database", "DatabaseAway", "SchemaMissing", "SchemaNewer", "insert_new"]

BUSY_TIMEOUT_MS = 10_000
"""How long a SQLite writer waits for another; writers are few and their transactions take milliseconds."""
POOL_SIZE = 4
"""Connections of one process: it writes one transaction at a time and reads beside it."""
CONNECT_WITHIN_S = 5
"""Seconds for one try to connect; whoever asks tries again."""
STATEMENT_WITHIN_S = 60
"""Seconds for one statement: far beyond the slowest, so that a connection gone silent is noticed at all."""

POSTGRES_AWAY = ("08", "53", "57P", "40001", "40P01")
"""SQLSTATEs, by their beginning: connection lost, resources short, shutting down or starting, and a
transaction that lost against another one. Each is over sooner or later."""
SQLITE_AWAY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})
"""Another writer held the file for too long, or the disk is full."""


class DatabaseAway(ConnectionError):
    """The database cannot be reached, or cannot do it now. What was asked may have been done or not: ask
    again.

    Every function of this package may be repeated: it answers as if it had been asked once.
    """


class Database:
    """Transactions on one database. Those that write begin IMMEDIATE on SQLite, so that two wait for each
    other instead of failing."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(reads_only=True)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @classmethod
    async def open(cls, url: str, *, migrate: bool) -> Database:
        """Connect, and bring the schema up to date (`migrate`) or check that it is.

        Raises DatabaseAway, SchemaMissing, SchemaNewer; ValueError and FileNotFoundError for a useless URL.
        """
        database = cls(_engine(url))
        try:
            if not await database._is_current():
                async with database.write() as connection:
                    await connection.run_sync(schema.upgrade if migrate else schema.refuse)
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        await self._engine.dispose()

    async def _is_current(self) -> bool:
        async with self.read() as connection:
            return await connection.run_sync(schema.is_current)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, undone by an exception. Raises DatabaseAway."""
        async with _transaction(self._engine) as connection:
            yield connection

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Database]:
        """One transaction for several pieces of work: durable all at once, while one that raises is undone
        alone. Whoever asks several things of a disk waits for it once."""
        async with self.write() as connection:
            yield _Joined(self._engine, connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One look at the database that waits for no writer and holds none up. Raises DatabaseAway."""
        async with _transaction(self._reader) as connection:
            yield connection


class _Joined(Database):
    """A database within a transaction that is open: what is written in it is undone with a savepoint."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        super().__init__(engine)
        self._connection = connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with self._connection.begin_nested():
            yield self._connection


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        async with engine.begin() as connection:
            yield connection
    except DatabaseAway:
        raise
    except (DBAPIError, PoolTimeout, OSError) as error:
        if is_away(error):
            raise DatabaseAway(f"the database cannot be reached: {_first_line(error)}") from error
        raise


def is_away(error: Exception) -> bool:
    """Whether asking again later can help. Judged by codes: messages quote what users wrote."""
    if not isinstance(error, DBAPIError):
        return True
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return _is_busy(error.orig)
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(POSTGRES_AWAY)


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY


def _first_line(error: Exception) -> str:
    """Without the statement and its values, which SQLAlchemy adds on the lines below."""
    return (str(error) or type(error).__name__).partition("\n")[0]


def insert_new(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that passes over rows whose key is there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(f"{url!r} is no URL; use sqlite:///FILE or postgresql://...") from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql":
            return _postgresql(parsed)
        case other:
            raise ValueError(f"{other} is no database of ours; use sqlite:///FILE or postgresql://...")


def _sqlite(url: URL) -> AsyncEngine:
    if url.database in (None, "", ":memory:"):
        raise ValueError("a SQLite database in memory is gone with its process; name a file: sqlite:///FILE")
    folder = Path(str(url.database)).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder, so no database can be made in it; make it first")
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=POOL_SIZE,
        max_overflow=0,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL) -> AsyncEngine:
    query = dict(url.query)
    if "sslmode" in query:  # what libpq calls it; asyncpg takes the same words under another name
        query["ssl"] = query.pop("sslmode")
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg", query=query),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_WITHIN_S, "command_timeout": STATEMENT_WITHIN_S},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred; ours is in _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            raise  # busy: another process switches the file right now, and the mode is the file's
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
