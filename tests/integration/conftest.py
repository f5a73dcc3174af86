"""Two workers at most share these tests: one has those of Apache Kafka, of which one is enough on a machine."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group("kafka" if item.get_closest_marker("kafka") else "others"))
