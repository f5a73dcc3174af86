"""The compose file against the settings, the commands and the images it names; and by Compose's own parser."""

import os
import re
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings
from typer.testing import CliRunner

from contento.cli.main import app
from contento.contracts.topics import MAX_RECORD_BYTES
from contento.learning.service.settings import LearnerSettings
from contento.local.triton_settings import TritonSettings
from contento.scoring.settings import ScorerSettings
from contento.training.readers import open_source

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = ROOT.parent / "shared" / "tools" / "docker-compose"
SETTINGS: dict[str, type[BaseSettings]] = {
    "contento/scorer": ScorerSettings,
    "contento/learner": LearnerSettings,
    "contento/triton": TritonSettings,
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def read_env(file: Path) -> dict[str, str]:
    lines = (line for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def environment(service: dict[str, Any]) -> dict[str, str]:
    found = {name: str(value) for name, value in service.get("environment", {}).items()}
    for file in service.get("env_file", []):
        found |= read_env(ROOT / file)
    return found


@pytest.mark.skipif(not COMPOSE.exists(), reason="no docker-compose in ../shared/tools")
@pytest.mark.parametrize(("profile", "triton"), [(None, "triton"), ("cpu", "triton"), ("gpu", "triton-gpu")])
def test_compose_reads_it_and_starts_one_triton(profile: str | None, triton: str) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "COMPOSE_PROFILES"}
    if profile:
        variables["COMPOSE_PROFILES"] = profile
    command = [str(COMPOSE), "-f", str(ROOT / "docker-compose.yml"), "config"]
    subprocess.run([*command, "-q"], check=True, env=variables, cwd=ROOT)
    listed = subprocess.run(
        [*command, "--services"], check=True, env=variables, cwd=ROOT, capture_output=True, text=True
    )
    assert set(listed.stdout.split()) == {"kafka", "redis", triton, "topics", "scorer", "learner", "feed"}


def test_every_setting_is_one_and_has_a_valid_value(services: dict[str, Any]) -> None:
    checked = 0
    for name, service in services.items():
        settings = SETTINGS.get(service["image"].partition(":")[0])
        if settings is None:
            continue
        given = {
            variable: value for variable, value in environment(service).items() if variable.startswith("CONTENTO_")
        }
        fields = {variable.removeprefix("CONTENTO_").lower(): value for variable, value in given.items()}
        unknown = fields.keys() - settings.model_fields.keys()
        assert not unknown, f"{name} sets {unknown}, which {settings.__name__} does not have"
        settings.model_validate(fields)
        checked += len(fields)
    assert checked > 10


@pytest.mark.parametrize(("service", "settings"), [("scorer", ScorerSettings), ("learner", LearnerSettings)])
def test_the_tuning_file_holds_the_defaults(service: str, settings: type[BaseSettings]) -> None:
    defaults = settings.model_construct()
    for name, value in read_env(ROOT / f"services/{service}/{service}.env").items():
        assert str(getattr(defaults, name.removeprefix("CONTENTO_").lower())) == value, name


def test_images_get_settings_that_exist() -> None:
    for image, settings in SETTINGS.items():
        text = (ROOT / "services" / image.removeprefix("contento/") / "Dockerfile").read_text()
        for name in re.findall(r"CONTENTO_([A-Z_]+)=", text):
            assert name.lower() in settings.model_fields, name


def test_addresses_name_services_and_ports_that_listen(services: dict[str, Any]) -> None:
    scorer = ScorerSettings.model_validate(
        {name.removeprefix("CONTENTO_").lower(): value for name, value in environment(services["scorer"]).items()}
    )
    host, _, port = scorer.kafka.partition(":")
    assert f"INSIDE://{host}:{port}" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"INSIDE://:{port}" in services["kafka"]["environment"]["KAFKA_LISTENERS"]
    url = urllib.parse.urlsplit(scorer.redis.get_secret_value())
    assert (url.hostname, url.port) == ("redis", 6379)
    host, _, port = scorer.triton.partition(":")
    for name in ("triton", "triton-gpu"):
        assert host in services[name]["networks"]["default"]["aliases"]
        assert int(port) == TritonSettings.model_fields["triton_grpc_port"].default
    assert scorer.metrics_address == "0.0.0.0"


def test_what_the_learner_keeps_outlives_its_container(services: dict[str, Any]) -> None:
    directory = environment(services["learner"])["CONTENTO_LEARNER_DIRECTORY"]
    assert f"learner-data:{directory}" in services["learner"]["volumes"]
    assert f"VOLUME {directory}" in (ROOT / "services/learner/Dockerfile").read_text()


def test_what_is_published_is_on_loopback_only_and_where_commands_look(services: dict[str, Any]) -> None:
    published = {port for service in services.values() for port in service.get("ports", [])}
    assert len(published) == 7
    for port in published:
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port), port
    defaults = ScorerSettings.model_construct()
    looked_for = {defaults.kafka, "127.0.0.1:6379", defaults.triton}
    assert looked_for <= {port.rpartition(":")[0] for port in published}
    assert f"HOST://{defaults.kafka}" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_commands_and_their_options_exist(services: dict[str, Any]) -> None:
    commands = [service["command"] for service in services.values() if service.get("command", [""])[0] == "contento"]
    assert len(commands) == 2
    for _, *words in commands:
        path = [word for word in words if not word.startswith("-") and ":" not in word and not word[0].isdigit()]
        shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0, (words, shown.output)
        for option in (word for word in words if word.startswith("--")):
            assert option in shown.output, (words, option)
    assert open_source("simulated:steady").size


def test_health_checks_ask_ports_that_are_open(services: dict[str, Any]) -> None:
    for name, service in services.items():
        test = " ".join(service.get("healthcheck", {}).get("test", []))
        if service.get("restart") == "no":  # runs once
            continue
        assert test, f"{name} has no health check"
        asked = re.findall(r"127\.0\.0\.1:(\d+)|-p (\d+)", test)
        ports = {found for pair in asked for found in pair if found}
        open_ports = {port.rpartition(":")[2] for port in service["ports"]}
        assert ports, name
        assert ports <= open_ports, name


def test_each_part_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    def needs(name: str) -> dict[str, str]:
        return {on: how["condition"] for on, how in services[name].get("depends_on", {}).items()}

    assert needs("topics") == {"kafka": "service_healthy"}
    assert needs("scorer") == {
        "topics": "service_completed_successfully",
        "kafka": "service_healthy",
        "redis": "service_healthy",
        "triton": "service_healthy",
        "triton-gpu": "service_healthy",
    }
    assert needs("learner") == {
        "topics": "service_completed_successfully",
        "kafka": "service_healthy",
        "redis": "service_healthy",
    }
    assert needs("feed") == {"topics": "service_completed_successfully", "scorer": "service_healthy"}


def test_the_broker_takes_the_largest_record_and_makes_no_topics_by_itself(services: dict[str, Any]) -> None:
    kafka = services["kafka"]["environment"]
    assert kafka["KAFKA_MESSAGE_MAX_BYTES"] == MAX_RECORD_BYTES
    assert kafka["KAFKA_REPLICA_FETCH_MAX_BYTES"] == MAX_RECORD_BYTES
    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_our_containers_have_no_privileges(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if service["image"].startswith("contento/"):
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
