import ast
import inspect
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from contento.connections import settings as connection_settings
from contento.scoring import settings as scorer_settings
from contento.scoring.settings import ScorerSettings

OTHER: dict[str, tuple[str, Any]] = {
    "kafka": ("a:1,b:2", "a:1,b:2"),
    "kafka_username": ("ann", "ann"),
    "kafka_password": ("hush-k", SecretStr("hush-k")),
    "kafka_sasl_mechanism": ("PLAIN", "PLAIN"),
    "kafka_tls": ("true", True),
    "redis": ("redis://ann:hush-r@r:1/2", SecretStr("redis://ann:hush-r@r:1/2")),
    "inference": ("in-process", "in-process"),
    "triton": ("t:3", "t:3"),
    "bundles": ("/some/bundles", Path("/some/bundles")),
    "encoder_arithmetic": ("int8", "int8"),
    "cache": ("/some/cache", Path("/some/cache")),
    "topic_prefix": ("shop", "shop"),
    "redis_prefix": ("shop2", "shop2"),
    "group": ("g", "g"),
    "instance": ("slot-1", "slot-1"),
    "session_timeout_s": ("12.5", 12.5),
    "fetch_max_wait_ms": ("70", 70),
    "commit_interval_s": ("0.25", 0.25),
    "batch_events": ("64", 64),
    "embeddings_kept": ("7", 7),
    "embedding_ttl_s": ("61", 61),
    "state_ttl_s": ("9", 9),
    "half_life_hours": ("0.5", 0.5),
    "segment_attribute": ("tier", "tier"),
    "at_risk_above": ("0.75", 0.75),
    "at_risk_events": ("5", 5),
    "metrics_port": ("9100", 9100),
    "metrics_address": ("127.0.0.2", "127.0.0.2"),
    "log_format": ("console", "console"),
    "log_level": ("DEBUG", "DEBUG"),
}
"""Each field: what the environment says, other than the default, and what is read."""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ScorerSettings.model_fields:
        monkeypatch.delenv(f"CONTENTO_{name.upper()}", raising=False)


def test_the_table_is_whole() -> None:
    assert set(OTHER) == set(ScorerSettings.model_fields)


@pytest.mark.parametrize("name", list(OTHER))
def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given, expected = OTHER[name]
    default = getattr(ScorerSettings(), name)
    assert default != expected
    monkeypatch.setenv(f"CONTENTO_{name.upper()}", given)
    assert getattr(ScorerSettings(), name) == expected
    monkeypatch.setenv(f"CONTENTO_{name.upper()}", "")
    assert getattr(ScorerSettings(), name) == default


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("kafka_password", "redis"):
        monkeypatch.setenv(f"CONTENTO_{name.upper()}", OTHER[name][0])
    settings = ScorerSettings()
    assert settings.redis.get_secret_value() == OTHER["redis"][0]
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.model_dump()}"):
        assert "hush" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inference", "gpu"), ("log_level", "loud"), ("log_format", "xml"), ("kafka_sasl_mechanism", "GSSAPI"),
        ("batch_events", "0"), ("batch_events", "4097"), ("at_risk_above", "1.1"), ("half_life_hours", "0"),
        ("metrics_port", "65536"), ("session_timeout_s", "0.5"), ("kafka_tls", "perhaps"),
        ("encoder_arithmetic", "float16"),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CONTENTO_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        ScorerSettings()


def test_every_setting_is_explained() -> None:
    assert [*explained(connection_settings), *explained(scorer_settings)] == list(ScorerSettings.model_fields)


def explained(module: ModuleType) -> list[str]:
    """Return the fields of a module's settings class that have words below them."""
    (body,) = (
        node.body
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Settings")
    )
    return [
        field.target.id
        for field, words in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
    ]
