"""Generate the Python messages of `proto/` into `contento.contracts.v1`.

python tools/generate_messages.py            write them
python tools/generate_messages.py --check    exit 1 when the committed ones differ
"""

import re
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/contento/contracts/v1"


def generate() -> dict[str, str]:
    """Return the text of every generated file by its name in `TARGET`."""
    with tempfile.TemporaryDirectory() as out:
        protos = sorted(str(p.relative_to(ROOT / "proto")) for p in ROOT.glob("proto/contento/v1/*.proto"))
        well_known = Path(grpc_tools.__file__).parent / "_proto"
        code = protoc.main(
            ["protoc", f"-I{ROOT / 'proto'}", f"-I{well_known}", f"--python_out={out}", f"--pyi_out={out}", *protos]
        )
        if code:
            raise SystemExit(f"protoc failed with exit code {code}: see its message above and mend the .proto file")
        files = sorted(Path(out, "contento/v1").iterdir())
        return {f.name: re.sub(r"from contento\.v1 ", "from contento.contracts.v1 ", f.read_text()) for f in files}


def main() -> None:
    """Write the generated files, or compare them with the committed ones."""
    wanted = generate()
    committed = {f.name: f.read_text() for f in TARGET.glob("*_pb2.py*")}
    if "--check" in sys.argv[1:]:
        stale = sorted(n for n in wanted.keys() | committed.keys() if wanted.get(n) != committed.get(n))
        if stale:
            raise SystemExit(
                f"generated messages are stale: {', '.join(stale)}: run `make proto` and commit the result"
            )
        return
    for name in committed.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)


if __name__ == "__main__":
    main()
