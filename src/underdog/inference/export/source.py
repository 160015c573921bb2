"""What is exported: an adapter with the base it belongs to, found from a run or an adapter folder.

In: a path, and when wanted the base's. Out: a `Source`. Never: a weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from underdog.adapters.embedded import find_base
from underdog.adapters.lora import CONFIG_NAME
from underdog.errors import InputError, MissingExtraError
from underdog.inference.scorer import find_adapter
from underdog.runs.files import read_json
from underdog.runs.manifest import MANIFEST_NAME, read_manifest

_WANTED = ["*.json", "*.safetensors", "*.txt", "*.jinja", "*.model"]


@dataclass(frozen=True, slots=True)
class Source:
    """`base` is a local folder with safetensors, `style` how the run was asked, None if unknown."""

    base: Path
    adapter: Path
    style: str | None = None


def find_source(path: Path, base: str | Path | None = None) -> Source:
    """The adapter at `path` (an adapter folder or a run) and its base: the given one, or the one
    that the adapter names. A hub name is fetched into the hub's own cache.
    """
    adapter = find_adapter(path)
    config = read_json(adapter / CONFIG_NAME)
    named = base or (config.get("base_model_name_or_path") if isinstance(config, Mapping) else None)
    if not named:
        raise InputError(
            "an adapter that names its base", got="none named", where=adapter, hint="--base MODEL"
        )
    return Source(local_folder(named), adapter, _style(adapter))


def local_folder(base: str | Path) -> Path:
    """The folder of a base; downloads only what has no folder here."""
    where = Path(find_base(base))
    if where.is_dir():
        return where
    if isinstance(base, Path) or str(base).startswith((".", "/", "~")):
        raise InputError("an existing model folder is needed", got="no such folder", where=base)
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtraError.of("fetching a base", "llm") from error
    try:
        return Path(snapshot_download(str(base), allow_patterns=_WANTED))
    except (OSError, ValueError) as error:
        raise InputError(
            "a base that is here or on the hub", got=str(error).splitlines()[0][:200], where=base
        ) from error


def _style(adapter: Path) -> str | None:
    if not (adapter.parent / MANIFEST_NAME).is_file():
        return None
    training = read_manifest(adapter.parent).identity.get("training")
    style = training.get("style") if isinstance(training, Mapping) else None
    return style if isinstance(style, str) else None
