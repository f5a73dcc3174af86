"""Functions that are compiled to machine code, for loops over small arrays that numpy takes ten times as long for.

Where this package's directory can be written, the machine code is kept beside the sources; elsewhere (an image that
runs as another user than its owner) it is made anew at every start, in some seconds. Numba looks at no other file
than a function's own to tell whether kept code is old: so a compiled function uses constants and functions of its own
module only. `NUMBA_DISABLE_JIT=1` runs them as Python, for a debugger.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")
_KEPT = os.access(Path(__file__).parent, os.W_OK)


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function for the types of the arguments that it is called with."""
    return cast("Callable[P, R]", njit(cache=_KEPT)(function))
