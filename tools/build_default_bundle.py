"""Rebuild the bundle that the package carries: `python tools/build_default_bundle.py`.

It learns from simulated worlds only, none of which is the demo's: there it meets users, items and
texts it has not seen, as it does at a newcomer's. On one machine the same bundle comes out again.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from contento.cli.train import train
from contento.model.store import LIVE, default_store, read_live

WORLDS = tuple(
    f"simulated:{scenario}?events=40000&users=1000&items=300&seed={seed}"
    for scenario, seed in (("steady", 101), ("steady", 102), ("drift", 103), ("new-segment", 104), ("outage", 105))
)


def main() -> None:
    """Train beside the store and put the result in its place."""
    store = default_store()
    with TemporaryDirectory() as folder:
        train(data=list(WORLDS), out=Path(folder), seed=1, tune_text=False)
        bundle = read_live(Path(folder))["serving"]
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(Path(folder, bundle), store / bundle)
        shutil.copyfile(Path(folder, LIVE), store / LIVE)
    sys.stdout.write(f"{store / bundle}\n")


if __name__ == "__main__":
    main()
