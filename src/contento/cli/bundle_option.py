"""Which bundle a command works with: `--bundles STORE` or `--bundle DIR`, else the one of the package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # loads torch, which takes seconds
    from contento.model.bundle import Bundle

StoreOption = Annotated[
    Path | None, typer.Option("--bundles", help="Bundle store: its `serving` bundle [default: the package's].")
]
BundleOption = Annotated[Path | None, typer.Option("--bundle", help="Directory of one bundle, instead of a store.")]


def open_bundle(store: Path | None, directory: Path | None) -> "Bundle":
    """Return the bundle of a directory, else the serving one of a store, else that of the package.

    Raises:
        BundleError: It is damaged, or there is none.
        StoreError: The store does not say what is live.
    """
    from contento.model.bundle import load_bundle
    from contento.model.store import default_store, read_live

    if directory is not None:
        return load_bundle(directory.resolve())
    found = store or default_store()
    return load_bundle(found / read_live(found)["serving"])
