"""Tasks done by processes of this machine, or by those of a Dask scheduler."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from fem.errors import InputError

Item = TypeVar("Item")
Found = TypeVar("Found")
Spread = Callable[[Iterable[Item]], Iterator[Found]]
"""Does all items; gives what is found in the order in which it is."""

ROUND = 64
"""Items that a process does before another one takes its place, so that its memory is bounded."""
PATIENCE = "20 s"
"""How long a scheduler is waited for."""
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def spread(
    function: Callable[[Item], Found],
    lost: Callable[[Item, str], Found],
    workers: int | None = None,
    scheduler: str | None = None,
) -> Iterator[Spread[Item, Found]]:
    """Something that calls `function` on many items, in other processes.

    Parameters
    ----------
    function
        Of a module, so that another process knows it.
    lost
        What is found of an item whose process ended before it did, and why.
    workers
        Processes of this machine; `None` for this one alone.
    scheduler
        Address of a Dask scheduler, in place of them.

    Raises
    ------
    InputError
        If there is no such scheduler, or Dask is not installed.
    """
    if scheduler is not None:
        with _scheduled(function, lost, scheduler) as found:
            yield found
    elif workers is None:
        yield lambda items: map(function, items)
    else:
        yield lambda items: _rounds(function, lost, deque(items), workers)


def _rounds(
    function: Callable[[Item], Found],
    lost: Callable[[Item, str], Found],
    waiting: deque[Item],
    workers: int,
) -> Iterator[Found]:
    while waiting:
        several = min(workers, len(waiting))
        suspects: list[Item] = []
        yield from _round(function, waiting, several, ROUND * several, suspects)
        for item in suspects:
            # One of them took its process along: each gets one of its own to find out which.
            again = deque([item])
            gone: list[Item] = []
            yield from _round(function, again, 1, 1, gone)
            for each in gone:
                yield lost(each, "the process came to an end; it may have run out of memory")


def _round(
    function: Callable[[Item], Found],
    waiting: deque[Item],
    workers: int,
    most: int,
    suspects: list[Item],
) -> Iterator[Found]:
    """Do at most so many of the items that are waiting; `suspects` get those of lost processes."""
    # Of a fresh interpreter: a copy of this one would inherit its threads' locks.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    running: dict[Future[Found], Item] = {}
    with _one_thread():
        pool = ProcessPoolExecutor(workers, context, _begin)
        try:
            while (waiting and most) or running:
                while waiting and most and len(running) < workers:
                    item = waiting.popleft()
                    running[pool.submit(function, item)] = item
                    most -= 1
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    found = future.result()
                    del running[future]
                    yield found
        except BrokenProcessPool:
            suspects += running.values()
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """In a new process: end with its parent, however that ends, and leave interrupts to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that are started meanwhile have one thread of BLAS each.

    It only counts before numpy is imported, and digits depend on it.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _scheduled(
    function: Callable[[Item], Found], lost: Callable[[Item, str], Found], address: str
) -> Iterator[Spread[Item, Found]]:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise InputError(
            "Dask is not installed, so no scheduler can be asked",
            given=f"--scheduler {address}",
            cure="install assb-fem with its extra: pip install '.[cluster]'; or leave it out for "
            "processes of this machine",
        ) from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no scheduler answers: {' '.join(str(error).split())}",
            given=f"--scheduler {address}",
            allowed="the address that `dask scheduler` prints, such as tcp://192.168.0.2:8786",
            cure="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
        ) from None

    def done(items: Iterable[Item]) -> Iterator[Found]:
        futures = {client.submit(function, item, pure=False): item for item in items}
        for future in as_completed(futures):
            item = futures.pop(future)
            error = future.exception()
            yield future.result() if error is None else lost(item, " ".join(str(error).split()))
            future.release()

    with client:
        yield done
