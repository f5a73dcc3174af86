"""A faster `Consumer.wait_first` for Faust 0.15.

Faust hands each message to its topic's queue through `wait_first(callback(message), suspended.wait())`,
which makes four asyncio tasks a message: the largest part of what Faust spends on one. The
callback almost never has to wait, so it is stepped once here, and only when it does suspend is the rest
of it given to the original.
"""

from collections.abc import Awaitable, Coroutine, Generator
from types import MethodType
from typing import Any

from faust import __version__ as faust_version
from faust.transport.consumer import Consumer
from mode.services import Service, WaitResults

from contento.contracts.errors import ContentoError

SUPPORTED = "0.15."


class _Rest(Awaitable[Any]):
    """What remains of a coroutine that was stepped once and gave up `first` to wait for."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], first: Any) -> None:
        self._coroutine, self._first = coroutine, first

    def __await__(self) -> Generator[Any, Any, Any]:
        give = self._first
        while True:
            try:
                try:
                    got = yield give
                except BaseException as error:  # noqa: BLE001 - cancellation belongs to the coroutine
                    give = self._coroutine.throw(error)
                else:
                    give = self._coroutine.send(got)
            except StopIteration as stop:
                return stop.value


async def _wait_first(self: Service, *coros: Any, timeout: Any = None) -> WaitResults:  # noqa: ASYNC109 - Faust's
    if len(coros) == 2 and isinstance(coros[0], Coroutine) and isinstance(coros[1], Coroutine):
        callback, suspended = coros
        try:
            first = callback.send(None)
        except StopIteration as stop:
            suspended.close()
            stopping = self._stopped.is_set() or self._crashed.is_set()
            return WaitResults([], [], True) if stopping else WaitResults([callback], [stop.value], False)
        except BaseException:
            suspended.close()
            raise
        coros = (_Rest(callback, first), suspended)
    return await Service.wait_first(self, *coros, timeout=timeout)


def install(consumer: Consumer) -> None:
    """Give one consumer the fast path.

    Raises:
        ContentoError: This Faust is not the one that the fast path was tested with.
    """
    if not faust_version.startswith(SUPPORTED):
        raise ContentoError(
            f"the scorer's fast path knows Faust {SUPPORTED}x, not {faust_version}: "
            "install the pinned version (make setup)"
        )
    consumer.wait_first = MethodType(_wait_first, consumer)  # type: ignore[method-assign]
