"""Experiment trackers, through accelerate: copies of the curves for those who watch elsewhere.

In: names that accelerate knows, and the numbers that TensorBoard gets. Out: nothing that training
reads. Never: a package of its own. `metrics.jsonl` stays the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers
from accelerate.utils import LoggerType

from underdog.errors import InputError, MissingExtraError

Track = Callable[[Mapping[str, float], int], None]
"""Takes named numbers and the step they belong to."""
PROJECT = "underdog"
_PACKAGES = {"comet_ml": "comet-ml"}
"""Where a tracker's package has another name than the tracker."""


def track_nothing(numbers: Mapping[str, float], step: int) -> None:
    """Without a tracker."""


def check_trackers(names: Sequence[str]) -> None:
    """InputError for a name that accelerate does not know, MissingExtraError with the install line
    for a package that is not there.
    """
    for name in names:
        if name == "tensorboard" or name not in LOGGER_TYPE_TO_CLASS:
            known = ", ".join(sorted(set(LOGGER_TYPE_TO_CLASS) - {"tensorboard"}))
            raise InputError(
                f"a tracker out of {known} is needed (TensorBoard's curves are always written)",
                got=repr(name),
            )
        # Trackers that a program has registered itself are in no list of packages.
        built_in = name in {each.value for each in LoggerType}
        if built_in and name not in {str(each) for each in get_available_trackers()}:
            raise MissingExtraError(
                f"tracking with {name} needs a package that is not installed",
                hint=f"pip install {_PACKAGES.get(name, name)}",
            )


@contextmanager
def tracking(accelerator: Accelerator, run: Path, settings: Mapping[str, Any]) -> Iterator[Track]:
    """Start the trackers that the accelerator was made with, finish them at the end. Trackers of
    one's own get no keyword arguments; `settings` are shown beside the curves.
    """
    if not accelerator.log_with:
        yield track_nothing
        return
    accelerator.init_trackers(
        PROJECT,
        config={name: _plain(value) for name, value in settings.items()},
        init_kwargs={
            "wandb": {"name": run.name, "dir": str(run)},
            "mlflow": {"run_name": run.name},
        },
    )

    def track(numbers: Mapping[str, float], step: int) -> None:
        accelerator.log(dict(numbers), step=step)

    try:
        yield track
    finally:
        for tracker in accelerator.trackers:
            tracker.finish()


def _plain(value: Any) -> str | int | float | bool:
    return value if isinstance(value, (str, int, float, bool)) else str(value)
