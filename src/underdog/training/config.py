"""The settings of a training run. Loads no torch: a recipe is checked before anything heavy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from underdog.errors import InputError
from underdog.mcq.prompt import PromptStyle
from underdog.training.guards.config import GuardConfig, WatchConfig
from underdog.training.schedule import ScheduleConfig


class AnswerLoss(StrEnum):
    """What the right answer is compared with."""

    VOCABULARY = "vocabulary"
    """Every token, at each token of the answer and at its end: what a language model is trained on,
    and what text generation needs."""
    OPTIONS = "options"
    """The letters offered, once: what scoring reads. The model is not taught to write nothing but a
    letter, nor to stop after it. For style "letters" only."""


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101); defaults as in torch, but no decay."""

    beta1: float = 0.9
    """Decay of the mean of gradients, 0 to below 1."""
    beta2: float = 0.999
    """Decay of the mean of squared gradients, 0 to below 1."""
    epsilon: float = 1e-8
    """Added to the denominator, above 0."""
    weight_decay: float = 0.0
    """Share of the learning rate by which weights shrink per step, at least 0."""

    def __post_init__(self) -> None:
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise InputError("betas from 0 to below 1", got=f"{self.beta1}, {self.beta2}")
        if not self.epsilon > 0 or not self.weight_decay >= 0:
            raise InputError(
                "an epsilon above 0 and a weight_decay of at least 0",
                got=f"{self.epsilon}, {self.weight_decay}",
            )


@dataclass(frozen=True, slots=True)
class ExecutionConfig:
    """How the machine is used. The first three, the sharding and the trackers may change between
    sittings of one run.
    """

    threads: int | None = None
    """CPU threads, or None: 1 for bases under 10M weights, else the cores this process may use.
    Another number may change the last bit; without one, a continued run keeps its first."""
    device: str = "auto"
    """"auto" (an accelerator when there is one) or "cpu"."""
    subspace_folder: str | None = None
    """Where OPLoRA's protected directions are kept, shared by runs; None for underdog/subspaces in
    the user's cache folder."""
    accumulation: int = 1
    """Parts a step's rows are cut into, one forward pass each: less memory, same mathematics."""
    activation_checkpointing: int | bool = 0
    """Every how many layers activations are computed twice instead of being kept: 0 for none, 1 for
    every layer (the least memory, about a third slower), n for every n-th. The same numbers. false
    and true are read as 0 and 1."""
    packing: str = "tree"
    """"tree": without padding, and what rows of a pass begin with alike is computed once; on a CPU
    each thread computes rows of its own. "padded": rows side by side, filled up to the longest. The
    same mathematics. Models that take no tree, and adapters with dropout, are always padded."""
    batch: str = "given"
    """"given": a step is cut into `accumulation` parts. "auto": into as few as `underdog plan`
    finds to fit into this machine's memory; a continued run keeps its first number."""
    sharding: str = "none"
    """"none": every process holds the whole base. "full": its layers are cut up over them (FSDP2),
    as under `accelerate launch --use_fsdp`; not for DoRA."""
    trackers: tuple[str, ...] = ()
    """Where else curves go: "wandb", "mlflow" and others that accelerate knows. TensorBoard's are
    always written."""

    def __post_init__(self) -> None:
        if (self.threads is not None and self.threads < 1) or self.accumulation < 1:
            raise InputError(
                "threads and an accumulation of at least 1",
                got=f"{self.threads}, {self.accumulation}",
            )
        if not isinstance(self.activation_checkpointing, int) or self.activation_checkpointing < 0:
            raise InputError(
                "an activation_checkpointing of 0 (none), 1 (every layer) or more",
                got=str(self.activation_checkpointing),
            )
        object.__setattr__(self, "activation_checkpointing", int(self.activation_checkpointing))
        if self.batch not in {"given", "auto"}:
            raise InputError('batch "given" or "auto"', got=self.batch)
        if self.packing not in {"tree", "padded"}:
            raise InputError('packing "tree" or "padded"', got=repr(self.packing))
        if self.sharding not in {"none", "full"}:
            raise InputError('sharding "none" or "full"', got=self.sharding)
        if self.device not in {"auto", "cpu"}:
            raise InputError('device "auto" or "cpu"', got=self.device)


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """How often, and how many stay."""

    every_steps: int = 100
    """Steps between checkpoints, at least 1; chunk borders and the end have one too."""
    keep: int = 3
    """How many of the newest stay on disk, at least 1. Two or more survive a damaged one."""

    def __post_init__(self) -> None:
        if self.every_steps < 1 or self.keep < 1:
            raise InputError(
                "every_steps and a keep of at least 1", got=f"{self.every_steps}, {self.keep}"
            )


@dataclass(frozen=True, slots=True)
class ValidationConfig:
    """What is measured while training, and which adapters are kept for it."""

    questions: int = 200
    """Held-out questions asked, a seeded sample; 0 for none. 200 give about 7 points either way."""
    retention_questions: int = 500
    """Questions of the retention set that are asked, a seeded sample, at least 1."""
    every_steps: int | None = None
    """Steps between validations, or None for chunk borders only (which always have one)."""
    best: int = 1
    """Validated adapters that are kept: the best in best/, further ones in candidates/; 0: none."""
    keep: str = "last"
    """Which adapter becomes adapter/: "last", or "best" of the validated ones."""

    def __post_init__(self) -> None:
        counts = (self.questions, self.best)
        if min(counts) < 0 or self.retention_questions < 1:
            raise InputError(
                "questions and best of at least 0, retention_questions of at least 1",
                got=f"{self.questions}, {self.best}, {self.retention_questions}",
            )
        if self.every_steps is not None and self.every_steps < 1:
            raise InputError("every_steps of at least 1, or none", got=str(self.every_steps))
        if self.keep not in {"last", "best"}:
            raise InputError('keep "last" or "best"', got=repr(self.keep))
        if self.keep == "best" and not min(counts):
            raise InputError(
                "a validation with a best adapter is needed to keep the best",
                got=f"{self.questions} questions, {self.best} kept",
            )


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything about training except the base, the adapter and the rows."""

    style: PromptStyle = PromptStyle.TEXTS
    """How answers are asked for: "texts" or "letters"."""
    seed: int = 0
    """Of the order, the replays, the choice orders shown and the adapter's first weights."""
    loss: AnswerLoss = AnswerLoss.VOCABULARY
    """"vocabulary", or "options": the softmax is over the letters of the choices alone."""
    max_tokens: int = 512
    """Longest row trained on, in tokens with answer and end; longer ones are counted, left out."""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    """Order, batches, learning rate, replay."""
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    """AdamW's constants."""
    guard: GuardConfig = field(default_factory=GuardConfig)
    """Limits whose passing calls for a remedy."""
    watch: WatchConfig = field(default_factory=WatchConfig)
    """What follows a guard's verdict, and how long is waited."""
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    """What is measured at chunk borders, and which adapters are kept."""
    checkpoints: CheckpointConfig = field(default_factory=CheckpointConfig)
    """How often the run can be continued from."""
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    """Threads, device, memory."""

    def __post_init__(self) -> None:
        if self.max_tokens < 3:
            raise InputError("max_tokens of at least 3", got=str(self.max_tokens))
        try:
            object.__setattr__(self, "loss", AnswerLoss(self.loss))
        except ValueError as error:
            known = ", ".join(AnswerLoss)
            raise InputError(f"a loss out of {known}", got=repr(self.loss)) from error
        if self.loss is AnswerLoss.OPTIONS and self.style is not PromptStyle.LETTERS:
            raise InputError(
                "letters to choose from are needed for the loss over options",
                got=f"style {self.style}, where each choice is a text of its own",
                hint='style = "letters", or loss = "vocabulary"',
            )
