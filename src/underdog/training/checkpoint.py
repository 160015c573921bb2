"""Everything a run needs to go on as if it had never stopped, in one folder per checkpoint.

`checkpoints/step-00000100/` holds the adapter's weights, the optimizer's moments, the random
states, where the loop and its guards are, and a file of digests; where the snapshot in memory is
of an earlier step, that too. A folder appears whole or not at all. On the way back every byte is
checked; a damaged folder is put away with a message and the one before it is used.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from underdog.adapters.adapter import rescale, scale_of, settle
from underdog.adapters.crew import Crew
from underdog.adapters.last_layer import Reading
from underdog.adapters.lora import (
    adapter_tensors,
    put_tensors,
    tensors_from_bytes,
    tensors_to_bytes,
)
from underdog.errors import CorruptFileError
from underdog.runs.files import (
    check_digests,
    clean_partial,
    digest_folder,
    read_json,
    replacing_folder,
    write_json,
)
from underdog.training.snapshot import Snapshot, take_snapshot
from underdog.training.state import LoopState

FOLDER_NAME = "checkpoints"
DIGESTS_NAME = "digests.json"
_ADAPTER, _OPTIMIZER, _RANDOM, _STATE = (
    "adapter.safetensors",
    "optimizer.pt",
    "random.pt",
    "state.json",
)
_SNAPSHOT = "snapshot.pt"
_SCALE = "scale"
"""Key of the adapter's scale in the state's file."""
_STEP = re.compile(r"step-(\d{8,})")


class Trained(NamedTuple):
    """What changes in training: the `peft` model and its optimizer. `reading` tells the model's
    last layer which positions matter, when it can be told. `trees`: rows go in as one tree
    (`adapters.prefix_tree`). `crew`: several threads compute rows of their own.
    """

    model: Any
    optimizer: Any
    reading: Reading | None = None
    trees: bool = False
    crew: Crew | None = None


def save_checkpoint(run: Path, trained: Trained, state: LoopState, *, keep: int) -> Path:
    """Write the folder of the present step, then remove the oldest beyond `keep`."""
    folder = run / FOLDER_NAME / f"step-{state.step:08d}"
    with replacing_folder(folder) as partial:
        (partial / _ADAPTER).write_bytes(tensors_to_bytes(adapter_tensors(trained.model)))
        (partial / _OPTIMIZER).write_bytes(_pickled(trained.optimizer.state_dict()))
        (partial / _RANDOM).write_bytes(_pickled(random_state()))
        where = {**state.to_json(), _SCALE: scale_of(trained.model)}
        (partial / _STATE).write_text(json.dumps(where), encoding="utf-8")
        if state.snapshot is not None and state.snapshot.step != state.step:
            (partial / _SNAPSHOT).write_bytes(_pickled(_parts(state.snapshot)))
        write_json(partial / DIGESTS_NAME, digest_folder(partial))
    for old in list_checkpoints(run)[:-keep]:
        shutil.rmtree(old)
    return folder


Contents = dict[str, bytes]
"""The files of a checkpoint, by name: what one process can send to another."""


def read_newest(run: Path, *, say: Callable[[str], None]) -> Contents | None:
    """The files of the newest whole checkpoint; None without one.

    `say` gets one sentence per damaged checkpoint. Damaged folders are removed.
    """
    clean_partial(run / FOLDER_NAME)
    for folder in reversed(list_checkpoints(run)):
        try:
            check_checkpoint(folder)
        except CorruptFileError as error:
            say(f"checkpoint {folder.name} is damaged and is not used ({error})")
            shutil.rmtree(folder)
            continue
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return None


def list_checkpoints(run: Path) -> list[Path]:
    """Checkpoint folders, oldest first."""
    found = (path for path in (run / FOLDER_NAME).glob("step-*") if _STEP.fullmatch(path.name))
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def check_checkpoint(folder: Path) -> None:
    """CorruptFileError when a file is missing or is not what was written."""
    path = folder / DIGESTS_NAME
    if not path.is_file():
        raise CorruptFileError("a file of digests is needed", got="none", where=path)
    digests = read_json(path)
    names = {_ADAPTER, _OPTIMIZER, _RANDOM, _STATE}
    if not isinstance(digests, dict) or set(digests) - {_SNAPSHOT} != names:
        raise CorruptFileError("digests of a checkpoint's files", got="others", where=path)
    check_digests(folder, digests)


def random_state() -> dict[str, Any]:
    """The states of torch's generators (the package uses no other global one)."""
    state: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def put_random_state(state: dict[str, Any]) -> None:
    """Undo whatever drew random numbers since `random_state`."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def put_contents(contents: Contents, trained: Trained) -> LoopState:
    """Load a checkpoint's files into `trained` and the random states."""
    put_tensors(trained.model, tensors_from_bytes(contents[_ADAPTER]))
    settle(trained.model)
    trained.optimizer.load_state_dict(_unpickled(contents[_OPTIMIZER]))
    put_random_state(_unpickled(contents[_RANDOM]))
    where = json.loads(contents[_STATE])
    rescale(trained.model, where.pop(_SCALE) / scale_of(trained.model))
    state = LoopState.from_json(where)
    if _SNAPSHOT in contents:
        state.snapshot = Snapshot(**_unpickled(contents[_SNAPSHOT]))
    else:
        state.snapshot = take_snapshot(trained.model, trained.optimizer, step=state.step)
    return state


def _parts(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "step": snapshot.step,
        "weights": snapshot.weights,
        "optimizer": snapshot.optimizer,
    }


def _pickled(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def _unpickled(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
