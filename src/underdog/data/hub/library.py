"""The one place that calls `datasets`: streams of rows, with its noise off and its faults named.

In: what to load, as `datasets.load_dataset` takes it. Out: batches of rows as plain Python values.
Never: a hidden wait; the library's own hundred retries are cut to five.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from underdog.data.hub.columns import Row
from underdog.errors import MissingExtraError, SourceError

BATCH_ROWS = 1000
"""Rows decoded at once. By batches of Arrow 100,000 rows took 0.5 s of processor time, row by row
4.0 s (`datasets` 5.2, measured 2026-11-21)."""
READ_RETRIES = 1
"""Of a broken connection, on top of the five that the hub's own client makes within 23 s; the
library's default is 20. A fetch stopped 88 s after the connection broke with 3 (measured 2026-11-21
against `tests/data/hub/fake_hub.py`), about 28 s after it with 1."""
FROM_HINT = (
    "the same command continues once it can be reached; or copy the set's files from another "
    "machine and read them with --from DIR"
)


@contextmanager
def quiet_library() -> Iterator[None]:
    """Progress bars and warnings of the two libraries off, retries few; all put back afterwards.

    Streams would import torch just to ask whether they run inside one of its data loaders (2.5 s
    of processor time, `datasets` 5.2); inside this block they are told that there is none.
    """
    try:
        import datasets
        from huggingface_hub.utils import logging as hub_logging

        # As an attribute this name is a class that hides the module.
        hub_bars = importlib.import_module("huggingface_hub.utils.tqdm")
    except ImportError as error:
        raise MissingExtraError.of("fetching sets by name", "hub") from error
    config = datasets.config
    before = datasets.logging.get_verbosity(), hub_logging.get_verbosity()
    bars = [each for each in (datasets, hub_bars) if not each.are_progress_bars_disabled()]
    changed = {"STREAMING_READ_MAX_RETRIES": READ_RETRIES, "TORCH_AVAILABLE": False}
    kept = {name: getattr(config, name) for name in changed}
    for each in bars:
        each.disable_progress_bars()
    # Errors of theirs come out as ours, once and with a hint.
    datasets.logging.set_verbosity(logging.CRITICAL)
    hub_logging.set_verbosity(logging.CRITICAL)
    for name, value in changed.items():
        setattr(config, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(config, name, value)
        datasets.logging.set_verbosity(before[0])
        hub_logging.set_verbosity(before[1])
        for each in bars:
            each.enable_progress_bars()


def stream_batches(
    path: str, *, split: str, skip: int, where: str, cache_dir: Path | None, **how: Any
) -> Generator[list[Row], None, None]:
    """Rows of a split from number `skip` on, up to BATCH_ROWS at a time.

    `path` and `how` go to `datasets.load_dataset`; `where` names the set in errors. A stream puts
    no rows into `cache_dir`, only locks and cards; None is the library's own place. Raises
    SourceError when the set cannot be reached or read.
    """
    import datasets

    cache = None if cache_dir is None else str(cache_dir)
    with named_faults(where):
        try:
            stream = datasets.load_dataset(
                path, split=split, streaming=True, cache_dir=cache, **how
            )
            if skip:
                stream = stream.skip(skip)
            for table in stream.with_format("arrow").iter(batch_size=BATCH_ROWS):
                yield table.to_pylist()
        except StopIteration:
            return  # how an empty JSON file ends (5.2); out of a generator it would be a crash


@contextmanager
def named_faults(where: str) -> Iterator[None]:
    """Whatever the libraries raise for a set that cannot be reached or read, as SourceError."""
    import pyarrow as pa
    from datasets.exceptions import DatasetsError
    from huggingface_hub import errors

    unreachable: tuple[type[Exception], ...] = (
        ConnectionError,
        TimeoutError,
        errors.HfHubHTTPError,
        *_client_errors(),
    )
    unreadable = (OSError, ValueError, RuntimeError, DatasetsError, pa.ArrowException)

    def fault(wanted: str, error: Exception, *, hint: str) -> SourceError:
        return SourceError(wanted, got=_first_line(error), where=where, hint=hint)

    try:
        yield
    except errors.GatedRepoError as error:
        hint = "accept its terms on its page on the hub, then hf auth login"
        raise fault("a set that is open to you is needed", error, hint=hint) from error
    except errors.RevisionNotFoundError as error:
        hint = "its name without @REVISION takes the newest"
        raise fault("a revision that the hub has is needed", error, hint=hint) from error
    except errors.RepositoryNotFoundError as error:
        raise fault("a set that the hub has is needed", error, hint=FROM_HINT) from error
    except unreachable as error:
        raise SourceError(
            "the Hugging Face hub must be reachable",
            got=_why_unreachable(error),
            where=where,
            hint=FROM_HINT,
        ) from error
    except unreadable as error:
        hint = "copy its files again, or fetch it with --again"
        raise fault("a set that can be read is needed", error, hint=hint) from error


def _client_errors() -> tuple[type[Exception], ...]:
    """Base errors of the HTTP clients that are loaded: the hub's library has had three."""
    loaded = (sys.modules.get(name) for name in ("httpx", "httpx2", "requests"))
    return tuple(
        getattr(client, "RequestException", None) or client.HTTPError for client in loaded if client
    )


def _why_unreachable(error: BaseException) -> str:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "offline mode (HF_HUB_OFFLINE or HF_DATASETS_OFFLINE is set)"
    return f"{_first_line(error)} from {constants.ENDPOINT}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else ""
    return f"{type(error).__name__}: {text}"[:200]
