"""A tuned model as a GGUF file, for llama.cpp and what is built on it. Qwen2 family.

In: merged weights, the base's configuration and tokenizer. Out: one file in 16, 8 or 4 bits.
Never: a tokenizer that is not known to be split the same way by llama.cpp; more in memory than one
tensor in float32 and its rounded form.

Format and names: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; block types and their
rounding are the `gguf` package's. Row lengths that are no multiple of 32 stay in 16 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from underdog.errors import InputError, MissingExtraError
from underdog.inference.export.weights import MergedWeights, TensorInfo
from underdog.runs.files import read_json, replacing_file
from underdog.runs.progress import SILENT, Progress

KINDS = ("f16", "q8_0", "q4_0", "q4_mixed")
"""q4_mixed: 4 bits with a minimum per block (Q4_1), and 8 for what matters most, as llama.cpp's
Q4_K_M chooses it: the values and the feed-forward output of half of the layers."""
BLOCK = 32
"""Values per block of the simple types."""
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The pattern that llama.cpp calls "qwen2" (from Qwen2's tokenizer.json)."""
_ROWS = 4096
"""Rows rounded at once."""


def export_gguf(
    weights: MergedWeights, base: Path, out: Path, *, kind: str, progress: Progress = SILENT
) -> None:
    """Write `out` as a whole or not at all."""
    gguf = _library()
    if kind not in KINDS:
        raise InputError(f"a type out of {', '.join(KINDS)}", got=kind)
    config = read_json(base / "config.json")
    _check_config(config, base)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, int(config["num_hidden_layers"]))
    plan = list(_plan(weights.tensors, config, names, kind, gguf))
    with replacing_file(out) as partial:
        writer = gguf.GGUFWriter(partial, "qwen2")
        _add_shape(writer, config, base.resolve().name)
        _add_tokenizer(writer, base, int(config["vocab_size"]), gguf)
        for each in plan:
            writer.add_tensor_info(
                each.name, each.stored, each.dtype, each.nbytes, raw_dtype=each.kind
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        planned = {each.source: each for each in plan}
        progress.begin(f"writing {kind}", len(plan))
        for source, tensor in weights:
            if source in planned:
                writer.write_tensor_data(_rounded(tensor, planned[source], gguf))
                progress.advance()
        writer.close()
        progress.end()


def _library() -> Any:
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError.of("writing GGUF", "export") from error
    return gguf


class _Planned(NamedTuple):
    """A tensor to come: its name here and there, its type, and the shape that is stored (bytes
    along the last side for block types).
    """

    source: str
    name: str
    kind: Any
    stored: tuple[int, ...]
    dtype: Any
    nbytes: int


def _plan(
    tensors: Sequence[TensorInfo], config: Mapping[str, Any], names: Any, kind: str, gguf: Any
) -> Iterator[_Planned]:
    for each in tensors:
        if each.name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue  # llama.cpp reads the embeddings where there is no head
        name = names.get_name(each.name, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise InputError("tensors of a Qwen2 model", got=each.name)
        chosen = _type_of(name, each.shape, kind, int(config["num_hidden_layers"]), gguf)
        plain = {"F32": np.float32, "F16": np.float16}.get(chosen.name)
        if plain is not None:
            size = int(np.prod(each.shape)) * np.dtype(plain).itemsize
            yield _Planned(each.name, name, chosen, each.shape, plain, size)
            continue
        stored = tuple(int(side) for side in gguf.quant_shape_to_byte_shape(each.shape, chosen))
        yield _Planned(each.name, name, chosen, stored, np.uint8, int(np.prod(stored)))


def _type_of(name: str, shape: Sequence[int], kind: str, layers: int, gguf: Any) -> Any:
    """Vectors in 32 bits; embeddings and head in at least 8."""
    types = gguf.GGMLQuantizationType
    if len(shape) == 1:
        return types.F32
    if kind == "f16" or shape[-1] % BLOCK:
        return types.F16
    if kind == "q8_0" or name.startswith(("token_embd", "output")):
        return types.Q8_0
    if kind == "q4_0":
        return types.Q4_0
    return types.Q8_0 if _matters(name, layers) else types.Q4_1


def _matters(name: str, layers: int) -> bool:
    """llama.cpp's `use_more_bits` (src/llama-quant.cpp): the first and the last eighth of the
    layers, and every third between.
    """
    part = name.split(".")
    if len(part) < 3 or part[0] != "blk" or part[2] not in ("attn_v", "ffn_down"):
        return False
    layer, eighth = int(part[1]), layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _rounded(tensor: torch.Tensor, planned: _Planned, gguf: Any) -> Any:
    """The tensor as it is stored; block types in pieces of rows."""
    if planned.dtype is not np.uint8:
        values = tensor.float().numpy().astype(planned.dtype)
        if not np.isfinite(values).all():
            raise InputError("weights that 16 bits can hold", got="infinity", where=planned.source)
        return values
    found = np.empty(planned.stored, dtype=np.uint8)
    for start in range(0, tensor.shape[0], _ROWS):
        piece = tensor[start : start + _ROWS].float().numpy()
        found[start : start + len(piece)] = gguf.quants.quantize(piece, planned.kind)
    return found


def _check_config(config: Mapping[str, Any], base: Path) -> None:
    if config.get("model_type") != "qwen2":
        raise InputError(
            "a model of the Qwen2 family (Qwen2, Qwen2.5)",
            got=str(config.get("model_type")),
            where=base,
            hint="underdog export merged, then llama.cpp's convert_hf_to_gguf.py",
        )
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        raise InputError("rotary positions without scaling", got=f"{rope}", where=base)


def _add_shape(writer: Any, config: Mapping[str, Any], name: str) -> None:
    heads = int(config["num_attention_heads"])
    rope = config.get("rope_parameters") or {}
    writer.add_name(name)
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads", heads)))
    writer.add_rope_freq_base(float(rope.get("rope_theta", config.get("rope_theta", 10_000.0))))
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))


def _add_tokenizer(writer: Any, base: Path, size: int, gguf: Any) -> None:
    if not (base / "tokenizer.json").is_file():
        raise InputError("a tokenizer.json", got="none there", where=base)
    value = read_json(base / "tokenizer.json")
    settings_path = base / "tokenizer_config.json"
    settings = read_json(settings_path) if settings_path.is_file() else {}
    tokens, types = _vocabulary(value, size, gguf)
    merges = [
        each if isinstance(each, str) else " ".join(each) for each in value["model"]["merges"]
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_split_name(value, base))
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if merges:
        writer.add_token_merges(merges)
    places = {token: place for place, token in enumerate(tokens)}
    add = {
        "bos_token": writer.add_bos_token_id,
        "eos_token": writer.add_eos_token_id,
        "pad_token": writer.add_pad_token_id,
    }
    for key, put in add.items():
        token = settings.get(key)
        text = token.get("content") if isinstance(token, Mapping) else token
        if text in places:
            put(places[text])
    writer.add_add_bos_token(False)
    template = settings.get("chat_template")
    if (base / "chat_template.jinja").is_file():
        template = (base / "chat_template.jinja").read_text(encoding="utf-8")
    if isinstance(template, str):
        writer.add_chat_template(template)


def _vocabulary(value: Mapping[str, Any], size: int, gguf: Any) -> tuple[list[str], list[int]]:
    """Tokens and their types by place; places that the model has and the tokenizer has not are
    marked as unused.
    """
    kinds = gguf.TokenType
    tokens = [f"[PAD{place}]" for place in range(size)]
    types = [int(kinds.UNUSED)] * size
    for token, place in value["model"]["vocab"].items():
        tokens[place], types[place] = token, int(kinds.NORMAL)
    for each in value.get("added_tokens", ()):
        kind = kinds.CONTROL if each["special"] else kinds.USER_DEFINED
        tokens[each["id"]], types[each["id"]] = each["content"], int(kind)
    return tokens, types


def _split_name(value: Mapping[str, Any], base: Path) -> str:
    """llama.cpp's name for how text is cut before the merges."""
    found = value.get("pre_tokenizer") or {}
    parts = found.get("pretokenizers", [found])
    patterns = [part["pattern"].get("Regex") for part in parts if part.get("type") == "Split"]
    byte_level = [part for part in parts if part.get("type") == "ByteLevel"]
    if value["model"]["type"] == "BPE" and len(byte_level) == 1:
        if patterns == [QWEN2_SPLIT]:
            return "qwen2"
        if not patterns and byte_level[0].get("use_regex", True):
            return "gpt-2"
    raise InputError(
        "a byte-level BPE tokenizer that splits as Qwen2's or GPT-2's", got="another", where=base
    )
