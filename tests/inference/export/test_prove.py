"""Exports: merged weights, safetensors, GGUF, and the gate they have to pass."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from fakes import letter_tokenizer, numbered_questions, peft_quiet, save_base, tiny_qwen2
from underdog.errors import CorruptFileError, InputError
from underdog.inference.export.gguf_file import KINDS, export_gguf
from underdog.inference.export.merged import export_merged
from underdog.inference.export.prove import (
    Reference,
    ask_reference,
    load_gguf,
    load_merged,
    prove,
)
from underdog.inference.export.source import Source, find_source
from underdog.inference.export.weights import MergedWeights, adapter_scale, read_changes
from underdog.inference.scorer import ScoringConfig

QUESTIONS = numbered_questions(24)
ADAPTERS = {
    "lora": {},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "patterns": {"alpha_pattern": {"q_proj": 3}, "rank_pattern": {"v_proj": 2}},
}


def save_adapter_of(folder: Path, **more: object) -> Path:
    """An adapter of `tiny_qwen2` with every part far from its start."""
    config = LoraConfig(r=4, lora_alpha=2, target_modules="all-linear", **more)
    with peft_quiet():
        model = get_peft_model(tiny_qwen2(), config)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if "lora_magnitude" in name:
                weight.mul_(1 + 0.2 * torch.rand(weight.shape, generator=generator))
            elif "lora_" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    model.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("export")
    save_base(home / "base", tokenizer=letter_tokenizer())
    for name, more in ADAPTERS.items():
        save_adapter_of(home / name, **more)
    return home


@pytest.fixture(scope="module")
def reference(home: Path) -> Reference:
    return ask_reference(Source(home / "base", home / "rslora"), QUESTIONS, ScoringConfig())


def weights_of(home: Path, name: str) -> MergedWeights:
    return MergedWeights(home / "base", read_changes(home / name))


@pytest.mark.parametrize("name", ADAPTERS)
def test_merged_weights_are_pefts(home: Path, name: str) -> None:
    """Every tensor as `merge_and_unload` makes it, within the rounding of float32."""
    with peft_quiet():
        base = AutoModelForCausalLM.from_pretrained(home / "base")
        wanted = PeftModel.from_pretrained(base, str(home / name)).merge_and_unload().state_dict()
    changed = read_changes(home / name)
    plain = load_file(home / "base" / "model.safetensors")
    for key, tensor in weights_of(home, name):
        torch.testing.assert_close(tensor, wanted[key], rtol=1e-6, atol=1e-6)
        assert (key in changed) == (not torch.equal(tensor, plain[key]))


@pytest.mark.parametrize("shard_bytes", [10**9, 20_000])
def test_plain_transformers_loads_what_is_written(
    home: Path, tmp_path: Path, shard_bytes: int
) -> None:
    """In one file or in shards with an index; the tokenizer beside it; logits as PEFT's merge."""
    out = tmp_path / "merged"
    export_merged(
        weights_of(home, "dora"), home / "base", out, dtype="float32", shard_bytes=shard_bytes
    )
    shards = sorted(path.name for path in out.glob("*.safetensors"))
    assert (len(shards) == 1) == (shard_bytes == 10**9)
    found = AutoModelForCausalLM.from_pretrained(out)
    with peft_quiet():
        base = AutoModelForCausalLM.from_pretrained(home / "base")
        wanted = PeftModel.from_pretrained(base, str(home / "dora"))
    tokens = torch.tensor([AutoTokenizer.from_pretrained(out).encode("Question: why?")])
    torch.testing.assert_close(found(tokens).logits, wanted(tokens).logits, rtol=1e-4, atol=1e-4)
    stored = json.loads((out / "config.json").read_text())
    assert stored["dtype"] == "float32"


def test_a_good_export_is_named_and_told(home: Path, reference: Reference, tmp_path: Path) -> None:
    """bfloat16 rounds, and passes; the figures lie beside the weights."""
    proof = prove(
        lambda out: export_merged(weights_of(home, "rslora"), home / "base", out, dtype="bfloat16"),
        load_merged,
        tmp_path / "merged",
        reference,
        kind="bfloat16",
    )
    assert proof.faults == ()
    assert proof.path == tmp_path / "merged"
    assert proof.parity.drift is not None
    assert 0 < proof.parity.drift < 0.05
    stored = json.loads((proof.path / "parity.json").read_text())
    assert (stored["questions"], stored["faults"]) == (24, [])
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


@pytest.mark.parametrize("kind", ["bfloat16", "q4_0"])
def test_a_wrong_scale_is_caught(
    home: Path, reference: Reference, tmp_path: Path, kind: str
) -> None:
    """The scale alpha / rank where alpha / sqrt(rank) was trained, as converters that do not read
    `use_rslora` bake it: kept under another name, whatever the rounding; what was there stays.
    """
    shutil.copytree(home / "rslora", tmp_path / "wrong")
    path = tmp_path / "wrong" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "use_rslora": False}))
    wrong = MergedWeights(home / "base", read_changes(tmp_path / "wrong"))
    gguf = kind == "q4_0"
    out = tmp_path / ("model.gguf" if gguf else "merged")
    if not gguf:
        out.mkdir()
        (out / "mine.txt").write_text("kept")
    proof = prove(
        lambda target: (
            export_gguf(wrong, home / "base", target, kind=kind)
            if gguf
            else export_merged(wrong, home / "base", target, dtype=kind)
        ),
        load_gguf if gguf else load_merged,
        out,
        reference,
        kind=kind,
    )
    assert any("of the adapter's effect is lost" in fault for fault in proof.faults)
    assert proof.path.name.endswith(".rejected")
    assert proof.path.exists()
    assert out.exists() != gguf
    assert gguf or (out / "mine.txt").read_text() == "kept"


def test_gguf_comes_back_in_transformers(home: Path, reference: Reference, tmp_path: Path) -> None:
    """In 16 bits nearly equal, in 8 still within the gate; weights and tokenizer from the file."""
    for kind, most in (("f16", 0.01), ("q8_0", 0.2)):
        proof = prove(
            lambda out, kind=kind: export_gguf(
                weights_of(home, "rslora"), home / "base", out, kind=kind
            ),
            load_gguf,
            tmp_path / f"{kind}.gguf",
            reference,
            kind=kind,
        )
        assert proof.faults == ()
        assert proof.parity.largest_difference < most
    loaded = load_gguf(tmp_path / "f16.gguf", ScoringConfig()).tokenizer
    text = "Which letter, A or B? <end>"
    assert loaded.encode(text) == letter_tokenizer().encode(text)


def test_fewer_bits_are_smaller_files(tmp_path: Path) -> None:
    """16, 8, mixed and 4 bits of the embedded base, in this order."""
    from underdog.adapters.embedded import find_base

    base = Path(find_base("tiny-base"))
    sizes = {}
    for kind in KINDS:
        export_gguf(MergedWeights(base, {}), base, tmp_path / f"{kind}.gguf", kind=kind)
        sizes[kind] = (tmp_path / f"{kind}.gguf").stat().st_size
    assert sizes["f16"] > sizes["q8_0"] > sizes["q4_mixed"] > sizes["q4_0"]


def test_scales_follow_the_config() -> None:
    """The scale alpha / rank, rsLoRA's root, and patterns that match a module's end."""
    config = {"lora_alpha": 16, "alpha_pattern": {"q_proj": 8, "layers.1.mlp.up_proj": 4}}
    assert adapter_scale("model.layers.0.mlp.up_proj", 4, config) == 4.0
    assert adapter_scale("model.layers.1.mlp.up_proj", 4, config) == 1.0
    assert adapter_scale("model.layers.0.self_attn.q_proj", 4, config) == 2.0
    assert adapter_scale("model.x", 4, {"lora_alpha": 16, "use_rslora": True}) == 8.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "LOHA"}, "an adapter of PEFT's type LORA"),
        ({"modules_to_save": ["lm_head"]}, r"modules_to_save = \['lm_head'\]"),
        ({"bias": "all"}, "bias = all"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights = pissa"),
        ({"use_dora": True}, "down, magnitude, up of"),
    ],
)
def test_an_adapter_that_is_not_understood_is_refused(
    home: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    """Rather than merged in part."""
    shutil.copytree(home / "lora", tmp_path / "other")
    path = tmp_path / "other" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=message):
        read_changes(tmp_path / "other")


def test_other_bases_and_broken_files_are_named(home: Path, tmp_path: Path) -> None:
    """A matrix that is not there, one of another shape, quantised, half a file."""
    changes = read_changes(home / "lora")
    first = next(iter(changes.values()))
    with pytest.raises(InputError, match="an adapter made for this base is needed; got no x"):
        MergedWeights(home / "base", {"x.weight": first})
    with pytest.raises(InputError, match=r"model\.norm\.weight: a matrix of"):
        list(MergedWeights(home / "base", {"model.norm.weight": first}))
    shutil.copytree(home / "base", tmp_path / "base")
    config = json.loads((tmp_path / "base" / "config.json").read_text())
    (tmp_path / "base" / "model.safetensors").write_bytes(b"12345678901234567890")
    with pytest.raises(CorruptFileError, match="a whole safetensors file"):
        MergedWeights(tmp_path / "base", {})
    (tmp_path / "base" / "config.json").write_text(json.dumps({**config, "model_type": "x"}))
    with pytest.raises(InputError, match="a model of the Qwen2 family"):
        export_gguf(weights_of(home, "lora"), tmp_path / "base", tmp_path / "a.gguf", kind="f16")
    (tmp_path / "base" / "config.json").write_text(json.dumps({**config, "quantization_config": 1}))
    with pytest.raises(InputError, match="rounds twice"):
        MergedWeights(tmp_path / "base", {})


def test_what_16_bits_cannot_hold_is_refused(home: Path, tmp_path: Path) -> None:
    """A weight of a million is infinity in float16: nothing is left behind."""
    shutil.copytree(home / "base", tmp_path / "base")
    path = tmp_path / "base" / "model.safetensors"
    tensors = load_file(path)
    tensors["model.norm.weight"][0] = 1e6
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"model\.norm\.weight: weights that torch\.float16"):
        export_merged(
            MergedWeights(tmp_path / "base", {}), tmp_path / "base", tmp_path / "o", dtype="float16"
        )
    assert not (tmp_path / "o").exists()


def test_the_base_is_the_one_the_adapter_names(home: Path, tmp_path: Path) -> None:
    """Or the given one; an adapter without a name and a folder that is not there are told."""
    assert find_source(home / "lora", home / "base") == Source(home / "base", home / "lora")
    with pytest.raises(InputError, match="an adapter that names its base"):
        find_source(home / "lora")
    with pytest.raises(InputError, match="an existing model folder"):
        find_source(home / "lora", tmp_path / "none")
