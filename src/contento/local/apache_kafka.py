"""A real Apache Kafka: one KRaft node from the `libs/*.jar` of an unpacked release. Needs Java 17."""

import base64
import os
import re
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from contento.contracts.errors import ContentoError
from contento.contracts.topics import MAX_RECORD_BYTES
from contento.local.broker import cluster_answers
from contento.local.ports import LOOPBACK
from contento.local.service import ServiceSpec

JAVA_NEEDED = 17
HEAP = "512m"
"""A broker with these few topics takes 240 MB; the rest is room for records of 16 MiB."""
FORMAT_DEADLINE_S = 60.0

LOG4J2 = """\
Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout: {pattern: "%d{ISO8601} %p %c{1}: %m%n"}
  Loggers:
    Root:
      level: WARN
      AppenderRef: [{ref: STDOUT}]
"""


class KafkaHomeUnusable(ContentoError):
    """The Kafka release or the Java that was named cannot run a broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaHome:
    """An unpacked release and the Java that runs it.

    Attributes:
        home: Folder that holds `libs/*.jar`.
        java: The program.
    """

    home: Path
    java: Path

    @classmethod
    def at(cls, home: Path, *, java_home: str | None = None) -> "KafkaHome":
        """Check the release and its Java.

        Args:
            home: Folder of the release.
            java_home: Folder of the Java to use; `java` on `PATH` if there is none.

        Raises:
            KafkaHomeUnusable: It holds no Kafka, or there is no Java 17.
        """
        libs = home / "libs"
        if not any(libs.glob("kafka_*.jar")) or not any(libs.glob("kafka-clients-*.jar")):
            raise KafkaHomeUnusable(
                f"{home} is no Kafka release: {libs} holds no kafka_*.jar and kafka-clients-*.jar. "
                "Unpack a binary release of Apache Kafka 4 and give its folder (--kafka-home, or KAFKA_HOME)"
            )
        java = Path(java_home, "bin", "java") if java_home else Path(shutil.which("java") or "java")
        version = java_version(java)
        if version < JAVA_NEEDED:
            raise KafkaHomeUnusable(
                f"{java} is Java {version}; the broker needs {JAVA_NEEDED} or newer: "
                "install one, or set JAVA_HOME to its folder"
            )
        return cls(home=home.resolve(), java=java)

    def command(self, main_class: str, *arguments: str, logging: Path | None = None) -> tuple[str, ...]:
        """Return the command that runs one of the release's programs."""
        log4j = () if logging is None else (f"-Dlog4j2.configurationFile={logging}",)
        return (
            *(str(self.java), f"-Xmx{HEAP}", "-XX:+UseSerialGC", *log4j),
            *("-cp", str(self.home / "libs" / "*"), main_class, *arguments),
        )


def java_version(java: Path) -> int:
    """Return the major version of a Java program.

    Raises:
        KafkaHomeUnusable: It does not run, or does not say.
    """
    try:
        asked = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise KafkaHomeUnusable(
            f"A Kafka broker needs Java {JAVA_NEEDED} or newer, and {java} does not run ({error}): "
            "install it (Debian: openjdk-17-jre-headless), or set JAVA_HOME to its folder"
        ) from error
    said = asked.stderr + asked.stdout
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None:
        raise KafkaHomeUnusable(f"{java} -version answered {said!r}, which names no version: set JAVA_HOME")
    return int(found[1])


def format_storage(home: KafkaHome, directory: Path) -> str:
    """Prepare the broker's storage in its folder, unless it is there, and return the cluster's id.

    Raises:
        KafkaHomeUnusable: The storage cannot be formatted, or is no broker's.
    """
    marks = directory / "data" / "meta.properties"
    if not marks.exists():
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        properties = _write_settings(directory, port=9092, controller_port=9093)  # any: formatting opens none
        command = home.command(
            "kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", str(properties)
        )
        done = subprocess.run(command, capture_output=True, text=True, timeout=FORMAT_DEADLINE_S, check=False)
        if done.returncode:
            raise KafkaHomeUnusable(
                f"The broker's storage in {directory} cannot be formatted:\n{done.stdout}{done.stderr}\n"
                "Give an empty folder with --directory, or a Kafka release of version 4 with --kafka-home"
            )
    found = re.search(r"^cluster\.id=(.+)$", marks.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise KafkaHomeUnusable(f"{marks} names no cluster.id: move its folder away, or give another --directory")
    return found[1].strip()


def apache_kafka_service(
    home: KafkaHome, directory: Path, *, port: int, controller_port: int, cluster_id: str
) -> ServiceSpec:
    """Describe the broker. Its data in `directory` are kept.

    Args:
        home: The release.
        directory: The broker's folder, with formatted storage.
        port: Loopback port for clients.
        controller_port: Loopback port for the node's own controller.
        cluster_id: What `format_storage` returned.
    """
    logging = directory / "log4j2.yaml"
    logging.write_text(LOG4J2, encoding="utf-8")
    properties = _write_settings(directory, port=port, controller_port=controller_port)
    return ServiceSpec(
        name="kafka",
        what="Apache Kafka (KRaft)",
        address=f"{LOOPBACK}:{port}",
        command=home.command("kafka.Kafka", str(properties), logging=logging),
        environment={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        directory=directory,
        ready=lambda _: cluster_answers(f"{LOOPBACK}:{port}", cluster_id),
        start_deadline_s=90.0,  # 4 s alone on a core, and 20 times that on a busy machine with a long log to recover
        stop_deadline_s=30.0,  # it writes its clean shutdown marks; without them the next start recovers the log
        advice="see the log; a port in use, a full disk, or another broker on the same folder are the usual reasons",
    )


def broker_settings(data: Path, *, port: int, controller_port: int) -> dict[str, str]:
    """Return the broker's configuration: one node that is broker and controller, on loopback alone."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "message.max.bytes": str(MAX_RECORD_BYTES),
        "replica.fetch.max.bytes": str(MAX_RECORD_BYTES),
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "8",  # 50 by default, each with files of its own: for many groups
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "8",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "broker.session.timeout.ms": "3000",  # a killed broker's registration must expire before it can come back
        "broker.heartbeat.interval.ms": "500",
    }


def _write_settings(directory: Path, *, port: int, controller_port: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    settings = broker_settings(directory / "data", port=port, controller_port=controller_port)
    properties = directory / "broker.properties"
    properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
    return properties
