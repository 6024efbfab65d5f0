"""Helpers of the tests; the fixtures that hand them out are in tests/conftest.py."""
