"""What we change in Ultralytics' trainer, as a class to be put before it.

Its loop stays. Ours are: the data set (read, never run), the optimizer step (a step whose numbers
are not finite is dropped), what an epoch begins with (every random state follows from seed and
epoch, so a continued run is the same run), states and weights on disk, and the record. Ultralytics
itself is imported where the class is made and nowhere else: it is under the AGPL and optional.
"""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from underdog.errors import RunError
from underdog.runs.files import replacing_file
from underdog.runs.progress import Progress
from underdog.vision.yolo.folder import YoloFolder
from underdog.vision.yolo.journal import Journal
from underdog.vision.yolo.settings import YoloJob
from underdog.vision.yolo.state import Best, State, write_best, write_state
from underdog.vision.yolo.watchdog import Watchdog

DROPPED_IN_A_ROW = 5
"""Dropped steps after which weights are given up: float16's scale is halved at each, so a sound run
needs one or two."""


@dataclass(slots=True)
class Surroundings:
    """What the trainer works with beside the model. `channels_last` lays the model out so."""

    job: YoloJob
    folder: YoloFolder
    journal: Journal
    watchdog: Watchdog
    progress: Progress
    state: State | None
    channels_last: bool
    threads: int
    clock: Callable[[], float] = time.perf_counter


class Hooks:
    """Before `DetectionTrainer` in the order of classes. `around` is set when the class is made."""

    around: Surroundings

    def prepare(self) -> None:
        """Our own counters, and our place in the loop."""
        state = self.around.state
        self.step = 0 if state is None else state.step
        self.dropped = 0 if state is None else state.dropped
        self.earlier_s = 0.0 if state is None else state.elapsed_s
        self.dropped_in_a_row = self.passes = self.images = 0
        self.losses = 0.0
        self.started_s = self.stepped_s = self.around.clock()
        me: Any = self
        me.add_callback("on_train_epoch_start", Hooks._begin_epoch)
        me.add_callback("on_train_batch_start", Hooks._begin_batch)
        me.add_callback("on_train_batch_end", Hooks._end_batch)
        me.add_callback("on_train_epoch_end", Hooks._end_epoch)
        me.add_callback("on_val_batch_end", self._beat)

    # --- the data set and the model

    def get_dataset(self) -> dict[str, Any]:
        """Ours: Ultralytics' would run a data.yaml's `download`."""
        return self.around.folder.as_ultralytics()

    def set_model_attributes(self: Any) -> None:
        """After the model is on its device."""
        super().set_model_attributes()  # type: ignore[misc]
        if self.around.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)

    def resume_training(self: Any, ckpt: Any) -> None:  # noqa: ARG002 - Ultralytics' signature
        """Everything as it was after the state's epoch."""
        state = self.around.state
        if state is None:
            return
        self.model.load_state_dict(state.model)
        self.ema.ema.load_state_dict(state.average)
        self.ema.updates = state.average_updates
        self.optimizer.load_state_dict(state.optimizer)
        self.scaler.load_state_dict(state.scaler)
        self.best_fitness = self.stopper.best_fitness = state.best_fitness
        self.stopper.best_epoch = state.best_epoch
        self.start_epoch = state.epoch + 1
        model = self.model
        if getattr(model.model[-1], "one2one_cv2", None) is not None:
            # Heads with two losses shift their weight from one to the other by the epoch.
            model.criterion = model.init_criterion()
            for _ in range(self.start_epoch):
                model.criterion.update()

    def _build_train_pipeline(self: Any) -> None:
        """Once; a second call would be Ultralytics' answer to an exhausted memory, half a batch."""
        if self.optimizer is not None:
            raise RunError(
                f"memory for {2 * self.batch_size} images at a time",
                got="an exhausted memory",
                where=self.around.job.out,
                hint=f"--batch {self.batch_size} and another --out; optimizer steps stay the same",
            )
        super()._build_train_pipeline()  # type: ignore[misc]

    # --- an epoch

    def _begin_epoch(self: Any) -> None:
        around, seed = self.around, epoch_seed(self.around.job.config.seed, self.epoch)
        torch.set_num_threads(around.threads)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        loader = self.train_loader
        loader.generator.manual_seed(seed)
        loader.reset()
        _forget_images(loader.dataset)
        self.optimizer.zero_grad()
        self.passes, self.images, self.losses = 0, 0, 0.0
        self.stepped_s = around.clock()
        around.watchdog.beat()
        around.progress.begin(f"epoch {self.epoch + 1}/{self.epochs}", len(loader))
        self.batch_number = 0

    def _begin_batch(self: Any) -> None:
        self.batch_number += 1

    def _beat(self, _validator: Any) -> None:
        self.around.watchdog.beat()

    def _end_batch(self: Any) -> None:
        self.around.watchdog.batch()
        loss = sum(float(value) for value in self.loss_items.values())
        self.around.progress.advance(note=f"loss {loss:.3f}")

    def _end_epoch(self: Any) -> None:
        self.around.progress.end()

    # --- a step

    def optimizer_step(self: Any) -> None:
        """Called at every batch; steps when enough passes are summed, and at the epoch's end."""
        self.passes += 1
        self.images += self.loader_batch()
        self.losses += sum(float(value) for value in self.loss_items.values())
        last = self.batch_number == len(self.train_loader)
        if self.passes < self.around.job.config.accumulation and not last:
            return
        norm = gradient_norm(self.model) / self.scaler.get_scale()
        if math.isfinite(norm) and math.isfinite(self.losses):
            self._step(norm)
        else:
            self._drop(norm)
        self.passes, self.images, self.losses = 0, 0, 0.0
        self.stepped_s = self.around.clock()

    def loader_batch(self: Any) -> int:
        """Images of the current batch; the last of an epoch may be smaller."""
        batch, whole = self.batch_size, len(self.train_loader.dataset)
        return int(min(batch, whole - batch * (self.batch_number - 1)))

    def _step(self: Any, norm: float) -> None:
        super().optimizer_step()  # type: ignore[misc]
        self.step += 1
        self.dropped_in_a_row = 0
        now = self.around.clock()
        self.around.journal.step(
            self.step,
            epoch=self.epoch,
            loss=self.losses / self.passes,
            learning_rate=float(self.optimizer.param_groups[0]["lr"]),
            grad_norm=norm,
            images=self.images,
            elapsed=(self._elapsed_s(), now - self.stepped_s),
        )

    def _drop(self: Any, norm: float) -> None:
        """Nothing reaches the weights; a run of drops, or norms that took it in, is the end."""
        if self.scaler.is_enabled():
            super().optimizer_step()  # type: ignore[misc]  # the scaler leaves the step out and halves its scale
        self.optimizer.zero_grad()
        self.dropped += 1
        self.dropped_in_a_row += 1
        fault = f"the loss is {self.losses / self.passes}, the gradient norm {norm}"
        spoilt = first_not_finite(self.model)
        sentence = f"Epoch {self.epoch + 1}, batch {self.batch_number}: {fault}: step dropped."
        self.around.journal.event("dropped", self.step, guard="finite", sentence=sentence)
        if spoilt is None and self.dropped_in_a_row < DROPPED_IN_A_ROW:
            return
        cause = f"{self.dropped_in_a_row} steps in a row" if spoilt is None else f"{spoilt}"
        self.around.journal.event(
            "stopped", self.step, guard="finite", sentence=f"Not finite: {cause}. {sentence}"
        )
        raise RunError(
            "finite losses and weights are needed",
            got=f"{cause}; {fault}",
            where=self.around.job.out,
            hint="--precision float32, a lower --lr0 with --optimizer SGD, or underdog vision "
            "stress for the convolutions; the state of the last whole epoch is kept",
        )

    def _handle_nan_recovery(self, epoch: int) -> bool:  # noqa: ARG002 - Ultralytics' signature
        """Its own would unpickle the last weights; no NaN has reached ours."""
        return False

    # --- what stays

    def save_metrics(self, metrics: Any) -> None:
        """The record is `metrics.jsonl`; a results.csv would start afresh when continued."""

    def save_model(self: Any) -> bool:
        """The epoch's line, the weights for use, then the state that says the epoch is done."""
        fitness = None if self.best_fitness is None else float(self.best_fitness)
        best = self.stopper.best_epoch == self.epoch + 1  # asked just before
        self.around.journal.epoch(self.epoch, self.step, self.metrics)
        for path in (self.last, self.best) if best else (self.last,):
            write_weights(path, self.ema.ema, vars(self.args), self.epoch)
        if best:
            self._keep_best()
        state = State(
            epoch=self.epoch,
            step=self.step,
            elapsed_s=self._elapsed_s(),
            over=bool(self.stop),
            model=self.model.state_dict(),
            average=self.ema.ema.state_dict(),
            average_updates=self.ema.updates,
            optimizer=self.optimizer.state_dict(),
            scaler=self.scaler.state_dict(),
            best_fitness=fitness,
            best_epoch=int(self.stopper.best_epoch),
            dropped=self.dropped,
        )
        write_state(self.around.job.out, state)
        self.around.state = state
        self.around.watchdog.beat()
        return True

    def _keep_best(self: Any) -> None:
        average = self.ema.ema
        names = self.around.folder.names
        kept = Best(self.epoch, average.state_dict(), average.yaml, names, self.args.imgsz)
        write_best(self.around.job.out, kept)

    def final_eval(self) -> None:
        """Nothing is left to do: the best epoch was measured when it was written."""

    def _elapsed_s(self) -> float:
        return self.earlier_s + self.around.clock() - self.started_s


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed per epoch; near ones share nothing visible (a 64-bit multiplicative hash, Knuth)."""
    return (seed * 0x9E3779B97F4A7C15 + (epoch + 1) * 0xBF58476D1CE4E5B9) % 2**63


def _forget_images(dataset: Any) -> None:
    """Images drawn lately are kept as mosaic's partners; a continued run has drawn none."""
    for number in dataset.buffer:
        dataset.ims[number] = dataset.im_hw0[number] = dataset.im_hw[number] = None
    dataset.buffer.clear()


def gradient_norm(model: torch.nn.Module) -> float:
    """The Euclidean norm of all gradients together."""
    gradients = [each.grad for each in model.parameters() if each.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0


def first_not_finite(model: torch.nn.Module) -> str | None:
    """The first weight or running statistic with a NaN or infinity in it, or None."""
    for name, value in model.state_dict().items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            return name
    return None


def write_weights(path: Path, model: torch.nn.Module, arguments: Any, epoch: int) -> None:
    """A .pt file as Ultralytics reads it, with nothing of ours in it: half-precision weights in
    contiguous layout, no optimizer.
    """
    plain: Any = copy.deepcopy(model).half()
    plain = plain.to(memory_format=torch.contiguous_format)
    plain.criterion = None
    content = {
        "epoch": epoch,
        "model": plain,
        "ema": None,
        "optimizer": None,
        "train_args": dict(arguments),
        "version": version("ultralytics"),
    }
    with replacing_file(path) as partial:
        torch.save(content, partial)


def trainer_class(around: Surroundings) -> Any:
    """Ultralytics' trainer behind our hooks."""
    from ultralytics.models.yolo.detect import DetectionTrainer

    return type("Detector", (Hooks, DetectionTrainer), {"around": around})
