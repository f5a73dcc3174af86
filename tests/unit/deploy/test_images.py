"""What the Dockerfiles copy, pin and run."""

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from contento.inference.triton.repository import MODELS
from contento.local.triton import TritonPorts, server_arguments

ROOT = Path(__file__).resolve().parents[3]
IMAGES = ("scorer", "learner", "triton")


def instructions(image: str) -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "services" / image / "Dockerfile").read_text())
    lines = (line.strip() for line in text.splitlines())
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_exists_and_is_sent_to_the_builder(image: str) -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [rest.split()[:-1] for name, rest in instructions(image) if name == "COPY" and "--from" not in rest]
    sources = [source for line in copied for source in line]
    assert {"requirements.lock", "requirements-torch.lock", "src", f"services/{image}/main.py"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source == one or source.startswith(f"{one}/") or fnmatch(source, one) for one in sent), source


@pytest.mark.parametrize("image", IMAGES)
def test_images_are_pinned_and_run_as_nobody(image: str) -> None:
    steps = instructions(image)
    bases = [rest.split()[0] for name, rest in steps if name == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert re.search(r":\d+\.\d+", base), f"{base} is not pinned"
    assert [rest for name, rest in steps if name == "USER"] == ["10001"]
    assert any(name == "HEALTHCHECK" for name, _ in steps)
    installs = " ".join(rest for name, rest in steps if name == "RUN")
    assert "--require-hashes -r requirements.lock" in installs


@pytest.mark.parametrize("image", IMAGES)
def test_an_entry_point_holds_no_logic(image: str) -> None:
    path = ROOT / "services" / image / "main.py"
    tree = ast.parse(path.read_text())
    assert len(path.read_text().splitlines()) <= 30
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While)
    ]


def test_tritons_entry_point_becomes_the_server_with_the_embedded_arguments(tmp_path: Path) -> None:
    server = tmp_path / "bin" / "tritonserver"
    server.parent.mkdir()
    server.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    server.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(ROOT / "services" / "triton" / "main.py")],
        env={
            "PATH": f"{server.parent}:/usr/bin:/bin",
            "CONTENTO_TRITON_REPOSITORY": str(tmp_path / "models"),
            "CONTENTO_TRITON_DEVICE": "cpu",
            "CONTENTO_TRITON_ADDRESS": "0.0.0.0",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    names = sorted(folder.name for folder in MODELS.iterdir() if folder.is_dir())
    assert sorted(folder.name for folder in (tmp_path / "models").iterdir()) == names
    expected = server_arguments(
        tmp_path / "models",
        names,
        identity="contento",
        address="0.0.0.0",
        ports=TritonPorts(http=8000, grpc=8001, metrics=8002),
    )
    assert done.stdout.splitlines() == list(expected)
