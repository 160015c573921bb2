"""Evidence kept on disk, so that a question is put to a model in a certain way once only.

In: evidence by key. Out: the same numbers, to the last bit. Never: stale evidence. A key is a
digest of all that decides the numbers: the content of the base's and the adapter's files
(tokenizer and chat template among them), dtype and device, examples, instruction and the rendered
prompt. Change one, and the key is another. Rows are only ever added; SQLite keeps them whole
through a kill, and several processes may add at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.errors import CorruptFileError
from underdog.inference.evidence import Evidence, Normalisation
from underdog.inference.scorer import ScoringConfig
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.mcq.template import Template
from underdog.runs.files import digest_value

FILE_NAME = "evidence.sqlite"
_WAIT_S = 60.0
"""How long a write waits for another process's."""
_TABLE = "CREATE TABLE IF NOT EXISTS evidence (key BLOB PRIMARY KEY, packed BLOB) WITHOUT ROWID"


def default_folder() -> Path:
    """`$UNDERDOG_CACHE`, else the user's cache folder (`$XDG_CACHE_HOME` or ~/.cache)."""
    own = os.environ.get("UNDERDOG_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "underdog"


class EvidenceCache:
    """Evidence by key in one file of a folder, which is made on the first write."""

    def __init__(self, folder: Path) -> None:
        """`folder` may be shared by any number of models and processes."""
        self.path = folder / FILE_NAME

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Evidence]:
        """What is there. CorruptFileError for a file that is no such cache."""
        if not self.path.exists():
            return {}
        found: dict[bytes, Evidence] = {}
        with self._opened() as database:
            for key in keys:
                query = "SELECT packed FROM evidence WHERE key = ?"
                row = database.execute(query, (key,)).fetchone()
                if row is not None:
                    found[key] = _unpacked(row[0])
        return found

    def put(self, evidence: Mapping[bytes, Evidence]) -> None:
        """Add what is new, in one transaction; what is there stays as it is."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rows = [(key, _packed(each)) for key, each in evidence.items()]
        with self._opened() as database, database:
            database.executemany("INSERT OR IGNORE INTO evidence VALUES (?, ?)", rows)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=_WAIT_S)) as database:
                database.execute(_TABLE)
                yield database
        except sqlite3.DatabaseError as error:
            raise CorruptFileError(
                "a cache of evidence that can be read and written",
                got=str(error),
                where=self.path,
                hint="delete the file: all it holds can be computed again",
            ) from error


class ModelCache:
    """The part of a cache that belongs to one model, asked in one way."""

    def __init__(
        self, cache: EvidenceCache, content: Mapping[str, Any], config: ScoringConfig
    ) -> None:
        """`content` says which model on which device: `model_content`."""
        self._cache = cache
        self._template = Template(
            config.style,
            shots=config.shots,
            instruction=config.instruction,
            spacing=config.spacing,
            seed=config.seed,
        )
        self._frame = self._template.frame()
        bare = config.normalisation is Normalisation.UNCONDITIONAL
        shown = config.to_json()
        asked = {name: shown[name] for name in ("style", "spacing", "chat_template")}
        scope = {"model": content, "asked": asked, "bare": bare, "underdog": __version__}
        self._scope = digest_value(scope)

    def keys(
        self, questions: Sequence[Question], orders: Sequence[Presentation]
    ) -> tuple[bytes, ...]:
        """One key per question as it is shown. The prompt is rendered as plain text: what a chat's
        template makes of it is decided by the tokenizer's files, which are part of the model.
        """
        prompts = (self._frame.render(*each) for each in zip(questions, orders, strict=True))
        texts = ("\x1f".join([self._scope, each.prefix, *each.completions]) for each in prompts)
        return tuple(
            hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts
        )

    def find(self, keys: Sequence[bytes]) -> dict[int, Evidence]:
        """What is known, by place."""
        known = self._cache.get(keys)
        return {index: known[key] for index, key in enumerate(keys) if key in known}

    def remember(self, keys: Sequence[bytes], evidence: Mapping[int, Evidence]) -> None:
        """Keep evidence by place."""
        self._cache.put({keys[index]: each for index, each in evidence.items()})


def _packed(evidence: Evidence) -> bytes:
    """Choices, whether there are bare sums, sums, tokens, bare sums; little-endian."""
    size, bare = len(evidence.sums), evidence.unconditional
    whole = (*evidence.sums, *evidence.tokens, *(bare or ()))
    return struct.pack(f"<B?{size}d{size}I{size if bare else 0}d", size, bare is not None, *whole)


def _unpacked(packed: bytes) -> Evidence:
    size, has_bare = struct.unpack_from("<B?", packed)
    values = struct.unpack(f"<B?{size}d{size}I{size if has_bare else 0}d", packed)[2:]
    bare = values[2 * size :] if has_bare else None
    return Evidence(values[:size], values[size : 2 * size], bare)
