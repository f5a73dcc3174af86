import platform
import subprocess
import sys
from pathlib import Path

import pytest

from contento.local import triton_environment
from contento.local.triton_environment import TritonMissing, ensure_environment, find_environment, why_no_triton


def test_a_platform_without_the_binary_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert why_no_triton() == f"there is no Triton binary for {sys.platform} arm64, only for Linux x86_64"
    with pytest.raises(TritonMissing, match=r"no Triton binary .* arm64.*--inference in-process"):
        ensure_environment(tmp_path / "triton")
    triton_environment.main()


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="the binary is for Linux x86_64")
@pytest.mark.parametrize(
    ("libc", "reason"),
    [(("glibc", "2.31"), "needs glibc 2.35, and this is glibc 2.31"), (("", ""), "this is another C library")],
)
def test_an_old_c_library_is_named(monkeypatch: pytest.MonkeyPatch, libc: tuple[str, str], reason: str) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: libc)
    said = why_no_triton()
    assert said is not None
    assert said.endswith(reason)


def test_an_environment_of_another_build_is_none(tmp_path: Path) -> None:
    assert find_environment(tmp_path) is None
    (tmp_path / "built").write_text("an older lock file")
    assert find_environment(tmp_path) is None


@pytest.mark.skipif(why_no_triton() is not None, reason="the platform has no Triton binary")
def test_a_failed_install_says_what_to_do_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = tmp_path / "triton.lock"
    lock.write_text(f"numpy @ file://{tmp_path}/absent.whl --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(triton_environment, "LOCK_FILE", lock)
    with pytest.raises(TritonMissing, match=r"(?s)cannot be installed.*absent\.whl.*or run the model in process"):
        ensure_environment(tmp_path / "triton")
    assert find_environment(tmp_path / "triton") is None
    assert not (tmp_path / "triton").exists()


@pytest.mark.skipif(find_environment() is None, reason="Triton's environment is not built")
def test_the_environment_has_its_own_numpy_and_the_rest_of_the_main_one() -> None:
    environment = find_environment()
    assert environment is not None
    code = "import numpy, torch, contento; print(numpy.__version__, torch.__file__, contento.__file__)"
    done = subprocess.run(
        [str(environment.root / "bin" / "python"), "-I", "-c", code], capture_output=True, text=True, check=True
    )
    version, torch, contento = done.stdout.split()
    assert version == "1.26.4"
    assert torch.startswith(sys.prefix)
    assert Path(contento).name == "__init__.py"
