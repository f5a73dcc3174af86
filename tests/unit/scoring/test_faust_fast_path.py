import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from mode.services import Service

from contento.contracts.errors import ContentoError
from contento.scoring import faust_fast_path
from contento.scoring.faust_fast_path import install

Step = Callable[[], Awaitable[Any]]


@pytest.fixture
async def service() -> AsyncIterator[Any]:
    """A service with the fast path, as a consumer has it, which counts calls of the original."""

    class Consumer(Service):
        originals = 0

        async def wait_first(self, *coros: Any, timeout: Any = None) -> Any:  # noqa: ASYNC109 - Faust's
            raise AssertionError("the fast path replaces this")

    made: Any = Consumer()
    install(made)
    yield made
    before = asyncio.all_tasks() - {asyncio.current_task()}
    for task in before:
        task.cancel()
    await asyncio.gather(*before, return_exceptions=True)


async def never() -> None:
    await asyncio.Event().wait()


@pytest.fixture
def originals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Calls that reached Faust's own `wait_first`."""
    calls: list[tuple[Any, ...]] = []
    original = Service.wait_first

    async def counted(self: Service, *coros: Any, timeout: Any = None) -> Any:  # noqa: ASYNC109 - Faust's
        calls.append(coros)
        return await original(self, *coros, timeout=timeout)

    monkeypatch.setattr(Service, "wait_first", counted)
    return calls


async def test_what_never_waits_makes_no_task(service: Any, originals: list[Any]) -> None:
    async def callback() -> str:
        return "done"

    suspended, tasks = never(), asyncio.all_tasks()
    given = callback()
    answer = await service.wait_first(given, suspended)
    assert (answer.done, answer.results, answer.stopped) == ([given], ["done"], False)
    assert asyncio.all_tasks() == tasks
    assert not originals
    assert (
        inspect.getcoroutinestate(suspended) == inspect.CORO_CLOSED
    )  # closed: nobody is warned that it was never awaited


@pytest.mark.parametrize("times", [1, 2, 7])
async def test_what_waits_is_waited_for(service: Any, originals: list[Any], times: int) -> None:
    event, begun = asyncio.Event(), asyncio.Event()

    async def callback() -> list[object]:
        seen: list[object] = []
        for n in range(times):
            begun.set()
            if n % 2:
                await asyncio.sleep(0)
            else:
                await event.wait()
            seen.append(n)
            future = asyncio.get_running_loop().create_future()
            future.get_loop().call_soon(future.set_result, f"value {n}")
            seen.append(await future)
        return seen

    waiting = asyncio.create_task(service.wait_first(callback(), never()))
    await begun.wait()
    assert not waiting.done()
    event.set()
    answer = await asyncio.wait_for(waiting, 5)
    assert answer.results == [[x for n in range(times) for x in (n, f"value {n}")]]
    assert not answer.stopped
    assert len(originals) == 1


async def test_an_error_at_once_is_raised(service: Any, originals: list[Any]) -> None:
    async def callback() -> None:
        raise ZeroDivisionError("at once")

    suspended = never()
    with pytest.raises(ZeroDivisionError, match="at once"):
        await service.wait_first(callback(), suspended)
    assert inspect.getcoroutinestate(suspended) == inspect.CORO_CLOSED
    assert not originals


async def test_an_error_after_a_wait_is_raised(service: Any) -> None:
    async def callback() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError("later")

    with pytest.raises(ZeroDivisionError, match="later"):
        await service.wait_first(callback(), never())


async def test_an_error_that_it_waits_for_can_be_caught_inside(service: Any) -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def callback() -> str:
        try:
            await future
        except OSError as error:
            await asyncio.sleep(0)
            return f"caught {error}"
        return "nothing came"

    future.get_loop().call_soon(future.set_exception, OSError("broken"))
    assert (await service.wait_first(callback(), never())).results == ["caught broken"]


@pytest.mark.parametrize("steps", [1, 3])
async def test_cancellation_reaches_the_callback(service: Any, steps: int) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def callback() -> None:
        try:
            for _ in range(steps - 1):
                await asyncio.sleep(0)
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
            raise

    waiting = asyncio.create_task(service.wait_first(callback(), never()))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(ended.wait(), 5)


async def test_suspension_wins_and_ends_the_callback(service: Any) -> None:
    flow, ended = asyncio.Event(), asyncio.Event()

    async def callback() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(service.wait_first(callback(), flow.wait()))
    flow.set()
    answer = await asyncio.wait_for(waiting, 5)
    assert answer.results == [True]
    await asyncio.wait_for(ended.wait(), 5)


@pytest.mark.parametrize("flag", ["_stopped", "_crashed"])
@pytest.mark.parametrize("waits", [False, True])
async def test_a_service_that_ended_says_so(service: Any, flag: str, waits: bool) -> None:
    async def callback() -> None:
        if waits:
            await asyncio.Event().wait()

    getattr(service, flag).set()
    answer = await service.wait_first(callback(), never())
    assert (answer.done, answer.results, answer.stopped) == ([], [], True)


async def test_other_arguments_go_to_the_original(service: Any, originals: list[Any]) -> None:
    async def one() -> int:
        return 1

    event = asyncio.Event()
    event.set()
    assert (await service.wait_first(one())).results == [1]
    assert (await service.wait_first(event, never())).results == [True]
    assert (await service.wait_first(one(), never(), never())).results == [1]
    assert [len(call) for call in originals] == [1, 2, 3]
    assert (await service.wait_first(never(), never(), timeout=0.01)).stopped


async def test_it_is_given_to_one_consumer_alone(service: Any) -> None:
    class Other(Service):
        pass

    assert service.wait_first.__func__ is faust_fast_path._wait_first
    assert Other().wait_first.__func__ is Service.wait_first  # type: ignore[attr-defined]


def test_an_unknown_faust_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Service):
        pass

    monkeypatch.setattr(faust_fast_path, "faust_version", "0.16.1")
    made: Any = Other()
    with pytest.raises(ContentoError, match=r"knows Faust 0\.15\.x, not 0\.16\.1: install the pinned version \(make"):
        install(made)
    assert made.wait_first.__func__ is Service.wait_first
