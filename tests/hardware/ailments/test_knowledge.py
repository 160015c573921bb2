"""The knowledge base against its own examples, healthy logs, and what other people pasted."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import Any

import pytest

from underdog.hardware.ailments.ailment import Ailment, known_ailments
from underdog.hardware.ailments.explain import explain

HERE = Path(__file__).parent
SETS = ("issues.toml", "unseen.toml", "third.toml", "fourth.toml")
TEXTS = [text for name in SETS for text in tomllib.loads((HERE / name).read_text("utf-8"))["text"]]
MISSED = {
    "https://github.com/microsoft/unilm/issues/598",
    "https://github.com/deepspeedai/DeepSpeed/issues/4443",
}
"""A lone "(nan)" among averages, a step that loss scaling skipped: healthy logs have such lines."""


def rows(name: str, table: str) -> list[dict[str, Any]]:
    """The entries of one fixture file."""
    found: list[dict[str, Any]] = tomllib.loads((HERE / name).read_text("utf-8"))[table]
    return found


def named(text: str) -> set[str]:
    """What is found in a text."""
    return {found.ailment.name for found in explain(io.BytesIO(text.encode())).found}


@pytest.mark.parametrize("ailment", known_ailments(), ids=lambda each: each.name)
def test_every_ailment_is_found_in_its_example_and_no_other_is(ailment: Ailment) -> None:
    """The example is a line as a program wrote it; two claims on one line would be two causes."""
    assert named(ailment.example) == {ailment.name}
    assert ailment.cause.endswith(".")
    assert len(ailment.fix) > 3


def test_what_the_facts_list_is_known() -> None:
    """The 39 signatures, by the names under which they are kept here."""
    names = {each.name for each in known_ailments()}
    listed = [
        "triton-key",
        "bitsandbytes-rocm-binary",
        "bitsandbytes-undefined-symbol",
        "meta-tensor",
        "miopen-unknown-error",
        "miopen-no-kernel-database",
        "miopen-no-heuristics",
        "miopen-compile-failed",
        "miopen-workspace",
        "hip-no-binary-for-gpu",
        "hip-invalid-device-function",
        "hip-invalid-image",
        "rocblas-tensile-missing",
        "hsa-out-of-resources",
        "kfd-not-openable",
        "no-hip-gpus",
        "pcie-atomics",
        "gpu-memory-fault",
        "memory-aperture-violation",
        "ring-timeout",
        "mes-not-responding",
        "hip-out-of-memory",
        "expandable-segments",
        "apu-carve-out",
        "disk-full",
        "hipblaslt-unsupported",
        "amdgpu-ids",
        "amdsmi-init",
        "aotriton-experimental",
        "flash-attention-unsupported",
        "iommu-pt",
        "userptr-worker",
        "cuda-in-fork",
        "fdot2-bf16",
        "loss-not-finite",
        "view-size",
        "unscale-twice",
        "torch-without-gpu",
        "shm-too-small",
    ]
    assert len(listed) == 39
    assert set(listed) <= names
    assert len(names) >= 90


@pytest.mark.parametrize("log", rows("healthy.toml", "log"), ids=lambda each: each["name"])
def test_nothing_is_found_where_nothing_is_wrong(log: dict[str, Any]) -> None:
    """Words such as "out of memory" in a test's name or 429 of a web server are no ailment."""
    assert named(log["text"]) == set()


def test_there_are_twenty_healthy_logs() -> None:
    """The claim above is worth as much as the logs are many."""
    assert len(rows("healthy.toml", "log")) == 20


def test_no_thread_is_in_two_sets() -> None:
    """Each set is of threads that were not in view before."""
    links = [text["link"] for text in TEXTS]
    assert len(set(links)) == len(links) == 147


@pytest.mark.parametrize(
    "text", TEXTS, ids=lambda each: each["link"].removeprefix("https://github.com/")
)
def test_what_people_pasted_is_named(text: dict[str, Any]) -> None:
    """The cause that a reader of the thread would name, and nothing that is not in the lines."""
    found = named(text["lines"])
    if text["link"] in MISSED:
        assert found == set()
    else:
        assert text["expect"] in found
        assert found <= {text["expect"], *text.get("also", [])}
