"""Servers that come with the wheels: a Redis for the default service, a PostgreSQL for the tests."""
