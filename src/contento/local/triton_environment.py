"""Triton's own small virtual environment: the server and numpy 1.26, and a path to everything else.

`python -m contento.local.triton_environment` builds it inside the environment that runs this, unless it is
there already, and prints where it is.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from contento.contracts.errors import ContentoError

LOCK_FILE = Path(__file__).with_name("triton.lock")
PYTHONS = ((3, 11), (3, 12))
"""Pythons for which both numpy 1.26 and a stub of the server exist, and Contento too."""
GLIBC = (2, 35)
INSTALL_DEADLINE_S = 600.0
"""75 MB to fetch: ten minutes allow for 1 Mbit/s."""


class TritonMissing(ContentoError):
    """Triton cannot run here, or its environment cannot be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TritonEnvironment:
    """A built environment.

    Attributes:
        root: Its folder.
    """

    root: Path

    @property
    def site_packages(self) -> Path:
        """Where its packages are."""
        return self.root / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    @property
    def server(self) -> Path:
        """The server program."""
        return self.site_packages / "pytriton" / "tritonserver" / "bin" / "tritonserver"

    @property
    def backends(self) -> Path:
        """The server's backend directory: the Python backend, with the stub of this Python."""
        return self.root / "backends"

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that the server needs; its stub finds its packages through them."""
        libraries = (str(self.site_packages / "nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR") or "")
        return {
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "VIRTUAL_ENV": str(self.root),
            "LD_LIBRARY_PATH": os.pathsep.join(filter(None, (*libraries, os.environ.get("LD_LIBRARY_PATH")))),
        }


def why_no_triton() -> str | None:
    """Say why this platform has no Triton binary; `None` where it has one."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return f"there is no Triton binary for {sys.platform} {platform.machine()}, only for Linux x86_64"
    library, version = platform.libc_ver()
    if library != "glibc" or tuple(int(part) for part in version.split(".")[:2]) < GLIBC:
        here = f"{library or 'another C library'} {version}".strip()
        return f"the Triton binary needs glibc {GLIBC[0]}.{GLIBC[1]}, and this is {here}"
    if sys.version_info[:2] not in PYTHONS:
        known = " and ".join(f"{major}.{minor}" for major, minor in PYTHONS)
        return f"the Triton binary runs models with Python {known}, and this is {platform.python_version()}"
    return None


def default_location() -> Path:
    """Return where the environment belongs: inside the one that runs this."""
    return Path(sys.prefix, "contento-triton")


def find_environment(root: Path | None = None) -> TritonEnvironment | None:
    """Return the environment if it is there, whole and up to date."""
    root = root or default_location()
    try:
        built = (root / "built").read_text(encoding="utf-8")
    except OSError:
        return None
    return TritonEnvironment(root=root) if built == _fingerprint() else None


def ensure_environment(root: Path | None = None) -> TritonEnvironment:
    """Return the environment; build it first unless it is there. Safe in several processes at once.

    Raises:
        TritonMissing: This platform has no Triton, or the packages cannot be installed.
    """
    root = root or default_location()
    if (found := find_environment(root)) is not None:
        return found
    if (reason := why_no_triton()) is not None:
        raise TritonMissing(f"Triton cannot run here: {reason}. Run the model in process: --inference in-process")
    with root.with_name(f"{root.name}.building").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever waited here finds it built
        return find_environment(root) or _build(root)


def _build(root: Path) -> TritonEnvironment:
    """Build beside the place and move there: a half-built environment is never seen."""
    aside = root.with_name(f"{root.name}.new")
    with suppress(FileNotFoundError):
        shutil.rmtree(aside)
    venv.EnvBuilder(symlinks=True).create(aside)
    environment = TritonEnvironment(root=aside)
    _install(aside / "bin" / "python")
    main = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    lines = "".join(f"import site; site.addsitedir({folder!r})\n" for folder in sorted(main))
    (environment.site_packages / "contento-main.pth").write_text(lines, encoding="utf-8")
    wheel = environment.site_packages / "pytriton" / "tritonserver"
    shutil.copytree(wheel / "backends" / "python", environment.backends / "python")
    stub = f"{sys.version_info.major}.{sys.version_info.minor}/triton_python_backend_stub"
    shutil.copy(wheel / "python_backend_stubs" / stub, environment.backends / "python")
    for program in (environment.server, environment.backends / "python" / "triton_python_backend_stub"):
        program.chmod(0o755)
    (aside / "built").write_text(_fingerprint(), encoding="utf-8")
    with suppress(FileNotFoundError):
        shutil.rmtree(root)
    aside.rename(root)
    return TritonEnvironment(root=root)


def _install(python: Path) -> None:
    """Install the locked packages with the main environment's pip; with the Python's own where there is none."""
    if find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
    else:
        pip = [str(python), "-m", "pip"]
        subprocess.run([str(python), "-m", "ensurepip"], check=True, capture_output=True, timeout=INSTALL_DEADLINE_S)
    command = [
        *(*pip, "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-compile"),
        *("--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK_FILE)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_DEADLINE_S, check=False)
    if done.returncode:
        raise TritonMissing(
            f"Triton's environment cannot be installed:\n{done.stderr.strip()}\n"
            "Check the access to the package index and try `python -m contento.local.triton_environment` again, "
            "or run the model in process: --inference in-process"
        )


def _fingerprint() -> str:
    """What an environment was built from: another lock file, Python or main environment needs another one."""
    parts = (LOCK_FILE.read_bytes(), platform.python_version().encode(), os.fsencode(sys.prefix), b"1")
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def main() -> None:
    """Build the environment, and say where it is, or why this platform has none."""
    if (reason := why_no_triton()) is not None:
        sys.stdout.write(f"The model will run in process: {reason}\n")
        return
    try:
        sys.stdout.write(f"{ensure_environment().root}\n")
    except TritonMissing as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
