"""The shape of a causal language model, from its config.json: weights are counted, never loaded.

In: a folder with config.json, a hub name whose config is cached or well known, "tiny-base", or the
parsed config itself. Out: a Shape; its linear layers and its number of weights, exact for the
families in FAMILIES (the tests build each well-known model on torch's meta device and compare).
Never: torch, a download.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from underdog.adapters.embedded import find_base
from underdog.errors import InputError
from underdog.runs.files import read_json

FAMILIES = ("qwen2", "qwen3", "qwen3_moe", "llama", "mistral")
"""model_type of the architectures whose layers are known here."""


@dataclass(frozen=True, slots=True)
class Linear:
    """One linear layer of every block: `name` as adapters call it, widths in weights."""

    name: str
    width_in: int
    width_out: int
    bias: bool = False

    @property
    def weights(self) -> int:
        """Of the matrix, without the bias."""
        return self.width_in * self.width_out


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder of equal blocks. `qk_norm` is Qwen3's norm of each head's queries and keys.
    `experts` is 0 for a dense model; otherwise `intermediate` is the width of one expert, and
    `experts_used` of them see each token; `shares_normed`: their shares are made to add up to 1.
    """

    name: str
    family: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    tied: bool
    qkv_bias: bool = False
    out_bias: bool = False
    mlp_bias: bool = False
    qk_norm: bool = False
    experts: int = 0
    experts_used: int = 0
    shares_normed: bool = False

    @property
    def query_width(self) -> int:
        """Of all heads together."""
        return self.heads * self.head_width

    @property
    def key_width(self) -> int:
        """Of all key heads together; that of the values too."""
        return self.kv_heads * self.head_width

    @property
    def linears(self) -> tuple[Linear, ...]:
        """Those of each block; a router and fused experts are none of them."""
        hidden, query, key = self.hidden, self.query_width, self.key_width
        attention = (
            Linear("q_proj", hidden, query, self.qkv_bias),
            Linear("k_proj", hidden, key, self.qkv_bias),
            Linear("v_proj", hidden, key, self.qkv_bias),
            Linear("o_proj", query, hidden, self.out_bias),
        )
        return attention if self.experts else (*attention, *self._feed_forward())

    def _feed_forward(self) -> tuple[Linear, ...]:
        return (
            Linear("gate_proj", self.hidden, self.intermediate, self.mlp_bias),
            Linear("up_proj", self.hidden, self.intermediate, self.mlp_bias),
            Linear("down_proj", self.intermediate, self.hidden, self.mlp_bias),
        )

    @property
    def block_weights(self) -> int:
        """All weights of one block, biases and norms included."""
        rows = sum(each.weights + each.bias * each.width_out for each in self.linears)
        if self.experts:
            rows += self.experts * 3 * self.hidden * self.intermediate + self.experts * self.hidden
        return rows + 2 * self.hidden + (2 * self.head_width if self.qk_norm else 0)

    @property
    def weights(self) -> int:
        """All weights of the model; tied embeddings count once."""
        tables = (1 if self.tied else 2) * self.vocabulary * self.hidden
        return self.layers * self.block_weights + tables + self.hidden

    @property
    def attention_products(self) -> int:
        """Weights of one block's attention that meet every token in a matrix product."""
        return 2 * self.hidden * (self.query_width + self.key_width)

    @property
    def feed_forward_products(self) -> int:
        """Weights of one block's feed-forward part that one token meets."""
        one = 3 * self.hidden * self.intermediate
        return one * self.experts_used + self.experts * self.hidden if self.experts else one


def find_shape(model: str | Path) -> Shape:
    """The shape of a model folder, of an embedded base, of a well-known name, or of a hub name
    whose config lies in the cache. InputError says which names are known.
    """
    source = find_base(model)
    folder = Path(source).expanduser()
    if (folder / "config.json").is_file():
        return shape_of(read_json(folder / "config.json"), str(model), where=folder)
    known = _by_short_name().get(short_name(str(model)))
    if known is not None and not folder.exists():
        return shape_of(known_configs()[known], known)
    cached = _cached(str(model))
    if cached is not None:
        return shape_of(read_json(cached), str(model), where=cached)
    near = difflib.get_close_matches(short_name(str(model)), _by_short_name(), n=3)
    names = [_by_short_name()[name] for name in near] or list(known_configs())
    raise InputError(
        "a model folder with config.json, or the name of a well-known model, is needed",
        got=str(model),
        hint=f"one of {', '.join(names)}",
    )


def shape_of(config: Mapping[str, Any], name: str, *, where: str | Path = "") -> Shape:
    """The shape that a parsed config.json describes; InputError for other architectures."""
    family = str(config.get("model_type", ""))
    if family not in FAMILIES:
        raise InputError(
            f"an architecture out of {', '.join(FAMILIES)} is needed",
            got=family or "no model_type",
            where=where or name,
        )
    if "quantization_config" in config:
        raise InputError(
            "a base in float32, bfloat16 or float16 is needed: nothing else is trained on here",
            got="a quantised one",
            where=where or name,
        )
    try:
        return _shape(family, config, name)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(
            "a whole config.json is needed", got=f"{error!r} in reading it", where=where or name
        ) from error


def _shape(family: str, config: Mapping[str, Any], name: str) -> Shape:
    """Defaults are those of transformers' configuration classes."""
    sparse = family == "qwen3_moe"
    if sparse and (config.get("decoder_sparse_step", 1) != 1 or config.get("mlp_only_layers")):
        raise InputError("experts in every block are needed", got="some blocks without", where=name)
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    intermediate = config["moe_intermediate_size" if sparse else "intermediate_size"]
    attention_bias = bool(config.get("attention_bias", False)) and family != "mistral"
    return Shape(
        name=name,
        family=family,
        layers=int(config["num_hidden_layers"]),
        hidden=hidden,
        intermediate=int(intermediate),
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_width=int(config.get("head_dim") or hidden // heads),
        vocabulary=int(config["vocab_size"]),
        tied=bool(config.get("tie_word_embeddings", False)),
        qkv_bias=family == "qwen2" or attention_bias,
        out_bias=attention_bias and family != "qwen2",
        mlp_bias=bool(config.get("mlp_bias", False)),
        qk_norm=family.startswith("qwen3"),
        experts=int(config["num_experts"]) if sparse else 0,
        experts_used=int(config["num_experts_per_tok"]) if sparse else 0,
        shares_normed=sparse and bool(config.get("norm_topk_prob", False)),
    )


@cache
def known_configs() -> dict[str, dict[str, Any]]:
    """Values of config.json by hub name (`known.toml`)."""
    source = files("underdog.training.budget") / "known.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def short_name(name: str) -> str:
    """`Qwen/Qwen2.5-72B-Instruct` -> `qwen2.5-72b`: tuned versions have the shape of their base."""
    text = name.rsplit("/", 1)[-1].lower()
    text = re.sub(r"^meta-llama-", "llama-", text)
    return re.sub(r"-(instruct|base|chat)(?=-|$)|-\d{4}$", "", text)


@cache
def _by_short_name() -> dict[str, str]:
    return {short_name(name): name for name in known_configs()}


def _cached(name: str) -> Path | None:
    """config.json of a hub name in the local cache of huggingface_hub."""
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    folder = home / "hub" / f"models--{name.replace('/', '--')}" / "snapshots"
    found = sorted(folder.glob("*/config.json")) if name.count("/") == 1 else []
    return found[-1] if found else None
