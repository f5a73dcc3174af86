"""Resolve `requirements.lock` anew from pyproject.toml: every package but torch, with hashes."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = (
    "# Every package but torch, with hashes. Made by `make lock`; "
    "installed by `make setup` after requirements-torch.lock.\n"
)


def main() -> None:
    """Write the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "requirements.lock")
        options = ["--generate-hashes", "--strip-extras", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
        options += ["--no-emit-trusted-host", "--no-emit-options", "--unsafe-package=torch", "--unsafe-package=pip"]
        extras = ["--extra=embedded", "--extra=dev", f"--output-file={out}", "pyproject.toml"]
        subprocess.run([sys.executable, "-m", "piptools", "compile", "-q", *options, *extras], check=True, cwd=ROOT)
        # pip-tools ends with a warning that torch is not pinned here: it is, in requirements-torch.lock.
        text = out.read_text().split("# WARNING: The following packages")[0].split("# The following packages")[0]
    (ROOT / "requirements.lock").write_text(HEAD + text.strip() + "\n")


if __name__ == "__main__":
    main()
