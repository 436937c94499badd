"""Opening a database: its schema is brought up to date, and what cannot work is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select, text

from persistence.engine import Database, DatabaseAway, SchemaMissing, SchemaNewer
from persistence.schema import HEAD, MIGRATIONS, revisions
from persistence.tables import metadata, worlds
from stored import Store

EMPTY_WORLD = {
    "name": "",
    "status": "active",
    "definition": "",
    "definition_hash": "",
    "epoch": 0,
    "commit_number": 0,
    "next_seq": 1,
    "waiting_inputs": 0,
    "tick": 0,
    "world_time": 0,
    "state_hash": "",
    "quarantine_reason": "",
    "created_at": 0.0,
    "updated_at": 0.0,
}


def opened(url: str, *, migrate: bool = True) -> Database:
    async def whole() -> Database:
        db = await Database.open(url, migrate=migrate)
        await db.close()
        return db

    return asyncio.run(whole())


def test_migrations_make_exactly_the_tables_the_code_uses(database_url: str) -> None:
    async def compare() -> list[object]:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        db = await Database.open(database_url, migrate=True)
        try:
            async with db.write() as connection:
                return await connection.run_sync(
                    lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
                )
        finally:
            await db.close()

    assert asyncio.run(compare()) == []


def test_opening_twice_changes_nothing(database_url: str) -> None:
    opened(database_url)
    opened(database_url)
    opened(database_url, migrate=False)


def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    async def both() -> None:
        first, second = await asyncio.gather(
            Database.open(database_url, migrate=True), Database.open(database_url, migrate=True)
        )
        await first.close()
        await second.close()

    asyncio.run(both())
    opened(database_url, migrate=False)


def test_a_process_that_may_not_migrate_says_who_does(database_url: str) -> None:
    with pytest.raises(SchemaMissing, match="theatrum run"):
        opened(database_url, migrate=False)


def test_a_newer_database_is_left_alone(database_url: str) -> None:
    opened(database_url)

    async def age() -> None:
        db = await Database.open(database_url, migrate=True)
        async with db.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await db.close()

    asyncio.run(age())
    with pytest.raises(SchemaNewer, match="9999"):
        opened(database_url)


def test_the_newest_migration_is_the_one_the_code_needs() -> None:
    assert revisions()[0] == HEAD
    assert len(list((MIGRATIONS / "versions").glob("*.py"))) == len(revisions())


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("mysql://localhost/x", ValueError, "use sqlite:///FILE or postgresql://"),
        ("inn.db", ValueError, "is no URL; use sqlite:///FILE"),
        ("sqlite://", ValueError, "gone with its process"),
        ("sqlite:////nowhere/at/all.db", FileNotFoundError, "make it first"),
        ("postgresql://postgres@127.0.0.1:9/x", DatabaseAway, "cannot be reached"),
    ],
)
def test_a_useless_address_is_refused_with_what_helps(url: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        opened(url)


def test_a_transaction_that_raises_leaves_nothing(database_url: str) -> None:
    async def half() -> list[str]:
        db = await Database.open(database_url, migrate=True)
        try:
            with pytest.raises(ZeroDivisionError):
                await _half_done(db)
            async with db.read() as connection:
                return list(
                    await connection.run_sync(lambda sync: inspect(sync).get_table_names(schema=None))
                )
        finally:
            await db.close()

    assert "half_done" not in asyncio.run(half())


async def _half_done(db: Database) -> None:
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE half_done (x INTEGER)"))
        raise ZeroDivisionError


def test_a_sqlite_file_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(f"sqlite:///{tmp_path}/no/such/folder/x.db")


def test_of_several_pieces_of_work_in_one_transaction_one_that_is_refused_is_undone_alone(
    database_url: str,
) -> None:
    """The second inn is refused in the middle of its work: the first and the third are there, it is not."""
    store = Store(database_url)

    async def add(db: Database, world_id: str, *, fail: bool) -> None:
        async with db.write() as connection:
            row = {**EMPTY_WORLD, "id": world_id}
            await connection.execute(insert(worlds), row)
            if fail:
                raise LookupError(world_id)

    async def three(db: Database) -> None:
        async with db.together() as joined:
            await add(joined, "first", fail=False)
            with pytest.raises(LookupError):
                await add(joined, "second", fail=True)
            await add(joined, "third", fail=False)

    store(three)
    assert [row["id"] for row in store.rows(select(worlds).order_by(worlds.c.id))] == ["first", "third"]


def test_pieces_of_work_in_one_transaction_are_durable_all_at_once(database_url: str) -> None:
    store = Store(database_url)

    async def killed(db: Database) -> None:
        async with db.together() as joined:
            async with joined.write() as connection:
                await connection.execute(insert(worlds), {**EMPTY_WORLD, "id": "first"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(killed)
    assert store.rows(select(worlds)) == []
