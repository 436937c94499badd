"""Fixtures of a stored world on a real database of each kind."""

from __future__ import annotations

import pytest

from stored import Store


@pytest.fixture
def store(database_url: str) -> Store:
    return Store(database_url)


@pytest.fixture
def inn(store: Store) -> Store:
    """The world `inn`, registered and owned with epoch 1."""
    store.register()
    assert store.claim().epoch == 1
    return store
