"""Measurements beside peers. Never part of the tests."""
