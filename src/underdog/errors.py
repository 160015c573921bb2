"""Every error that underdog raises on purpose, and nothing else.

    UnderdogError
    |-- InputError (ValueError)           what the user gave is wrong: a path, a file, a flag
    |   |-- RecipeError                   a recipe with an unknown key or an impossible value
    |   |-- SourceError                   a file that cannot be read as questions
    |   `-- ProtocolError                 a message that breaks the competition's format
    |-- MissingExtraError (ImportError)   a feature whose optional packages are not installed
    |-- RunError (RuntimeError)           a run folder that cannot be continued
    |   |-- RunMismatchError              the folder belongs to another recipe or other data
    |   `-- CorruptFileError              a file whose digest is not what was written
    |-- WorkerError (RuntimeError)        workers that were lost again and again over the same work
    |-- InfrastructureError (RuntimeError) this machine cannot run an entrant
    `-- DiskFullError (OSError)           nothing more can be written; what is on disk is whole

Bad data rows are not errors: they are counted and reported. A late or wrong reply of a model is an
outcome (`underdog.mcq.prediction.Outcome`). Our own bugs are assertions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

EXTRA_OF = {
    **dict.fromkeys(
        (
            "ftfy",
            "jinja2",
            "py3langid",
            "pyarrow",
            "rensa",
            "scipy",
            "threadpoolctl",
        ),
        "data",
    ),
    "datasets": "hub",
    "PIL": "vision",
    "gguf": "export",
    "pysat": "puzzles",
    "ray": "ray",
    "yaml": "vision",
    **dict.fromkeys(("choix", "networkx", "openskill"), "tournament"),
    **dict.fromkeys(("fastapi", "httpx2", "llguidance", "prometheus_client", "uvicorn"), "serve"),
    **dict.fromkeys(
        ("accelerate", "peft", "safetensors", "tensorboard", "tokenizers", "torch", "transformers"),
        "llm",
    ),
}
"""The extra that installs a package, by the name it is imported under."""


class UnderdogError(Exception):
    """Root of the tree. The message says what was wanted, what came, where, and what to try."""

    def __init__(
        self, wanted: str, *, got: str = "", where: str | Path = "", hint: str = ""
    ) -> None:
        """`wanted` is a full sentence without its end stop; empty parts are left out."""
        self.wanted, self.got, self.where, self.hint = wanted, got, str(where), hint
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """One paragraph: ``WHERE: WANTED; got GOT. Try: HINT``."""
        text = f"{self.where}: {self.wanted}" if self.where else self.wanted
        if self.got:
            text += f"; got {self.got}"
        return f"{text.rstrip('.')}. Try: {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        """Keyword-only arguments do not pickle by default; worker processes need them to."""
        return _rebuild, (type(self), self.wanted, self.got, self.where, self.hint)


def _rebuild(
    kind: type[UnderdogError], wanted: str, got: str, where: str, hint: str
) -> UnderdogError:
    return kind(wanted, got=got, where=where, hint=hint)


class InputError(UnderdogError, ValueError):
    """What the user gave is wrong."""


class RecipeError(InputError):
    """A recipe with an unknown key or an impossible value."""


class SourceError(InputError):
    """A file that cannot be read as questions."""


class ProtocolError(InputError):
    """A message that breaks the competition's format."""


class MissingExtraError(UnderdogError, ImportError):
    """A feature whose optional packages are not installed."""

    @classmethod
    def of(cls, feature: str, extra: str) -> MissingExtraError:
        """The one wording for every missing extra."""
        return cls(
            f"{feature} needs packages that are not installed",
            hint=f'pip install "underdog[{extra}]"',
        )

    @classmethod
    def behind(cls, feature: str, error: ModuleNotFoundError) -> MissingExtraError | None:
        """The same for a failed import, or None when no extra would mend it."""
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        return None if extra is None else cls.of(feature, extra)


class RunError(UnderdogError, RuntimeError):
    """A run folder that cannot be continued."""


class RunMismatchError(RunError):
    """The folder belongs to another recipe or other data."""


class CorruptFileError(RunError):
    """A file whose digest is not what was written."""


class WorkerError(UnderdogError, RuntimeError):
    """Worker processes or machines that were lost again and again over the same work."""


class InfrastructureError(UnderdogError, RuntimeError):
    """This machine cannot run an entrant; the match goes on from its log once it can."""


class DiskFullError(UnderdogError, OSError):
    """Nothing more can be written; everything already on disk is whole."""
