"""Resolve `requirements.lock` anew from pyproject.toml: every package but torch, with hashes."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent
HEAD = (
    "# Every package but torch, with hashes. Made by `make lock`; "
    "installed by `make setup` after requirements-torch.lock.\n"
)
TORCH = """
# What the CPU build of torch needs: the CUDA build, which an index may offer, names gigabytes besides.
[[tool.uv.dependency-metadata]]
name = "torch"
version = "2.13.0"
requires-dist = ["filelock", "typing-extensions>=4.10.0", "sympy>=1.13.3", "networkx", "jinja2", "fsspec"]
"""


def main() -> None:
    """Write the lock file; packages keep their versions where these still fit."""
    lock = ROOT / "requirements.lock"
    with tempfile.TemporaryDirectory() as folder:
        project, out = Path(folder, "pyproject.toml"), Path(folder, "requirements.lock")
        project.write_text((ROOT / "pyproject.toml").read_text() + TORCH)
        shutil.copyfile(lock, out)
        options = ["--generate-hashes", "--no-header", "--no-annotate", "--python-version=3.11", "-q"]
        options += ["--python-platform=x86_64-unknown-linux-gnu", "--no-emit-package=torch", "--no-emit-package=pip"]
        extras = ["--extra=embedded", "--extra=dev", f"--output-file={out}", str(project)]
        subprocess.run([find_uv_bin(), "pip", "compile", *options, *extras], check=True, cwd=folder)
        lock.write_text(HEAD + out.read_text().split("# The following packages were excluded")[0].strip() + "\n")


if __name__ == "__main__":
    main()
