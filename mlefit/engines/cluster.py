"""A cluster of dask workers: found or started, looked over, and its failures put into words.

Workers that die are dask's business: what they were doing is done by others. What lay only on
them is brought again by whoever brought it. A scheduler that is gone takes all of it along.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import logging
import platform
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import mlefit
from mlefit.engines.local import available_cores
from mlefit.errors import DataError, UsageError
from mlefit.memory import expect_network

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")

_ANSWERS_WITHIN = 10  # seconds: of a scheduler, and of its first worker
_RETURNS_WITHIN = 30  # seconds: of a worker in the place of those that have died
_BEAT = 0.25
_ATTEMPTS = 5
_SETTINGS = {
    # the series of a target that is drawn anew travel with the tasks that put them in place
    "distributed.admin.large-graph-warning-threshold": "1TiB",
    # a share of the rows is worth more where it is than a task elsewhere
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.retry.count": 2,
}


class Cluster:
    """A connection to a scheduler.

    Args:
        client: is connected.
        address: as a reader knows it.
    """

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = address

    @property
    def is_there(self) -> bool:
        """Whether the scheduler still answers."""
        return str(self.client.status) == "running"

    @property
    def threads(self) -> int:
        """Of all workers together."""
        return max(1, sum(self.client.nthreads().values()))

    def all_see(self, paths: Sequence[str]) -> bool:
        """Whether every worker finds these files, as long as they are here."""
        here = file_sizes(paths)
        return None not in here and all(
            there == here for there in self.client.run(file_sizes, paths).values()
        )

    def results(
        self, futures: Sequence[Future], tell: Callable[[], None] = lambda: None
    ) -> list[Any]:
        """What tasks have returned, which is waited for; `tell` is called now and then."""
        from distributed import wait

        manned = time.monotonic()
        with self.client.as_current():
            while True:
                try:
                    wait(futures, timeout=_BEAT)
                    break
                except TimeoutError:
                    tell()
                if self.client.nthreads():
                    manned = time.monotonic()
                elif time.monotonic() - manned > _RETURNS_WITHIN:
                    raise self._deserted()
        found: list[Any] = self.client.gather(futures)
        return found

    def insisted(self, work: Callable[[], T], restore: Callable[[], None]) -> T:
        """What some work with tasks returns; it is done again where what it needs was lost.

        Args:
            work: submits tasks and waits for them.
            restore: brings back what lay on workers that have died.

        Raises:
            DataError: the scheduler is gone, or workers die again and again.
        """
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        for _ in range(_ATTEMPTS):
            self._require_scheduler()
            try:
                return work()
            except KilledWorker as error:
                raise self._dying() from error
            except (CancelledError, CommClosedError, TimeoutError) as error:
                if getattr(error, "reason", "") == "scheduler-connection-lost":
                    raise self._lost() from error
            self._require_scheduler()
            require_workers(self.client, self.address)
            restore()
        raise self._dying()

    def close(self) -> None:
        """Let go of the workers; those of a cluster of one's own end."""
        own = self.client.cluster
        # a scheduler that is gone answers nobody, and there is nothing left to tell it
        with contextlib.suppress(Exception), quiet():
            self.client.close(timeout=2 if self.is_there else 0)
        if own is not None:
            with contextlib.suppress(Exception), quiet():
                own.close(timeout=5)

    def _deserted(self) -> DataError:
        return DataError(
            f"no worker of {self.address} is left",
            tries=[f"dask worker {self.address}   for a new one", "--engine local"],
        )

    def _require_scheduler(self) -> None:
        if not self.is_there:
            raise self._lost()

    def _lost(self) -> DataError:
        return DataError(
            f"the scheduler at {self.address} is gone, and with it the rows on its workers",
            tries=["the same again, once it runs", "--engine local"],
        )

    def _dying(self) -> DataError:
        return DataError(
            f"workers of {self.address} die again and again while they pass over the rows",
            "a worker that needs more memory than it may have is ended",
            tries=["more workers", "workers with more memory: dask worker --memory-limit"],
        )


_connected: dict[str, Cluster] = {}


def connected(scheduler: str | None, threads: int | None) -> Cluster:
    """The cluster at an address, or one of this machine's own; it is kept until the end.

    Args:
        scheduler: its address; None to start a cluster here.
        threads: of a cluster here, at most.

    Raises:
        UsageError: dask is not installed, or nothing answers at the address.
        DataError: the workers cannot do this work, or there are none.
    """
    if importlib.util.find_spec("distributed") is None:
        raise UsageError(
            "--engine dask needs dask.distributed, which is not installed",
            tries=["pip install 'mlefit[dask]'"],
        )
    count = threads or available_cores()
    key = scheduler or f"{count} workers"
    if key not in _connected or not _connected[key].is_there:
        expect_network()
        with quiet():
            _connected[key] = _started(count) if scheduler is None else _found(scheduler)
    return _connected[key]


@atexit.register
def _close() -> None:
    for cluster in _connected.values():
        cluster.close()
    _connected.clear()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing of what dask says to nobody in particular."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _set_up() -> None:
    import dask

    dask.config.set(_SETTINGS)
    # what goes wrong is raised, and told once
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _started(count: int) -> Cluster:
    from distributed import Client, LocalCluster

    _set_up()
    cluster = LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=logging.CRITICAL + 1,
        loop=_deaf_loop(),
    )
    client = Client(cluster, set_as_default=False, direct_to_workers=True)
    return Cluster(client, "the local cluster")


def _deaf_loop() -> Any:
    """An event loop in a thread that no Ctrl-C reaches, nor the processes it starts.

    A terminal sends it to all of them, and this process alone is to end the others.
    """
    from multiprocessing import resource_tracker

    from distributed.utils import LoopRunner

    runner = LoopRunner()
    if not hasattr(signal, "pthread_sigmask"):  # not a Unix
        runner.start()
        return runner.loop
    resource_tracker.ensure_running()  # else it starts from that thread, and clears its mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner.start()  # a new thread has the mask of the one that starts it
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return runner.loop


def _found(scheduler: str) -> Cluster:
    from distributed import Client
    from distributed.comm import resolve_address

    _set_up()
    try:
        resolve_address(scheduler)  # a client of no address at all would never end
        client = Client(scheduler, timeout=_ANSWERS_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise UsageError(
            f"no scheduler answers at {scheduler}", said, tries=["--scheduler tcp://HOST:8786"]
        ) from error
    try:
        require_workers(client, scheduler)
        require_alike(client.get_versions(packages=["mlefit"])["workers"], scheduler)
    except BaseException:
        client.close()
        raise
    return Cluster(client, scheduler)


def require_workers(client: Client, address: str) -> None:
    """Wait for a worker.

    Raises:
        DataError: there is none, and none comes.
    """
    try:
        client.wait_for_workers(1, timeout=_ANSWERS_WITHIN)
    except TimeoutError as error:
        raise DataError(
            f"the scheduler at {address} has no workers", tries=[f"dask worker {address}"]
        ) from error


def require_alike(workers: Mapping[str, Any], address: str) -> None:
    """Refuse workers that run another program: functions of one mean nothing to the other.

    Args:
        workers: what each of them runs, by its address, as dask tells it.
        address: of their scheduler.

    Raises:
        DataError: a worker has another version of Python or of this program.
    """
    here = {"Python": _minor(platform.python_version()), "mlefit": mlefit.__version__}
    for worker, versions in workers.items():
        there = {
            "Python": _minor(str(versions["host"]["python"])),
            "mlefit": versions["packages"]["mlefit"],
        }
        for name, wanted in here.items():
            if there[name] != wanted:
                runs = f"runs {name} {there[name]}" if there[name] else f"has no {name}"
                raise DataError(
                    f"the worker {worker} of {address} {runs}, and this is {name} {wanted}",
                    "client and workers have to be alike",
                    tries=[f"pip install mlefit=={wanted}   on every worker"]
                    if name == "mlefit"
                    else [],
                )


def file_sizes(paths: Sequence[str]) -> list[int | None]:
    """The bytes of files; None for one that is not there."""
    return [Path(path).stat().st_size if Path(path).is_file() else None for path in paths]


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
