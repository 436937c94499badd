"""Servers that come with the project's wheels: a Redis for the default service, a PostgreSQL for the tests."""
