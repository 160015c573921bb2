"""Ultralytics without a network, without the user's settings, without running what data sets bring.

In: a folder for its private files. Out: for the duration of a block, and only there, its settings
live in that folder, its telemetry and integrations are off, its precision check (which downloads a
model) and its label caches (pickles beside the labels) are not used. Afterwards all is as it was.
Importing it sets environment variables for the whole process; these are taken back, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from underdog.errors import MissingExtraError

FEATURE = "training a detector"
_NEEDED = {"torch", "torchvision", "ultralytics", "cv2", "yaml", "polars"}
_WATCHED = (
    "OMP_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "TF_CPP_MIN_LOG_LEVEL",
    "TORCH_CPP_LOG_LEVEL",
    "KINETO_LOG_LEVEL",
    "CUBLAS_WORKSPACE_CONFIG",
    "PYTHONHASHSEED",
)
"""What Ultralytics sets at import or while it seeds."""


@contextmanager
def secluded(folder: Path) -> Iterator[None]:
    """Import Ultralytics if need be and keep it to itself; MissingExtraError where it is absent."""
    folder.mkdir(parents=True, exist_ok=True)
    quiet = {
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "0",
        "YOLO_VERBOSE": "0",
        "YOLO_CONFIG_DIR": str(folder.resolve()),
        "MPLCONFIGDIR": str(folder.resolve() / "matplotlib"),
    }
    with ExitStack() as held:
        held.enter_context(_environment(quiet))
        for owner, name, replacement in _replacements():
            held.enter_context(_replaced(owner, name, replacement))
        yield


def _replacements() -> list[tuple[Any, str, Any]]:
    try:
        from ultralytics.data import dataset
        from ultralytics.engine import trainer
        from ultralytics.utils import callbacks, events
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _NEEDED:
            raise MissingExtraError.of(FEATURE, "vision") from error
        raise

    def no_file(*_: object) -> None:
        raise FileNotFoundError("label caches are pickles and are not read")

    def keep_nothing(_prefix: str, _path: Path, labels: dict[str, Any], version: str) -> None:
        labels["version"] = version  # which the writer adds and the caller expects

    return [
        (callbacks, "add_integration_callbacks", _nothing),
        (events.events, "enabled", False),
        (trainer, "check_amp", lambda _: True),
        (dataset, "load_dataset_cache_file", no_file),
        (dataset, "save_dataset_cache_file", keep_nothing),
    ]


def _nothing(*_: object, **__: object) -> None:
    """In place of what is switched off."""


@contextmanager
def _replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    names = [*values, *_WATCHED]
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
