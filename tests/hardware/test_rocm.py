"""The environment that ROCm needs, from fixture trees of the kernel driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.hardware.rocm import (
    ALLOCATOR,
    AOTRITON,
    BUFFER_OPS,
    in_effect,
    installed_torch,
    prepare,
    settings_for,
)

SEGMENTS = "expandable_segments:True"


def tree(root: Path, *versions: int) -> Path:
    """KFD's topology: a processor as node 0, then one GPU per version."""
    for node, version in enumerate((0, *versions)):
        folder = root / f"sys/class/kfd/kfd/topology/nodes/{node}"
        folder.mkdir(parents=True)
        (folder / "properties").write_text(f"simd_count 0\ngfx_target_version {version}\n")
    return root


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ((), {}),
        ((90402,), {ALLOCATOR: SEGMENTS}),
        ((110000,), {AOTRITON: "1", ALLOCATOR: SEGMENTS}),
        ((120001,), {AOTRITON: "1", ALLOCATOR: SEGMENTS}),
        ((100300,), {ALLOCATOR: SEGMENTS}),
        ((100100,), {ALLOCATOR: SEGMENTS, BUFFER_OPS: "0"}),
        ((90402, 110501), {AOTRITON: "1", ALLOCATOR: SEGMENTS}),
    ],
    ids=["none", "mi300x", "rx7900", "rx9070", "rx6800", "rx5700", "mi300x-and-strix"],
)
def test_each_chip_gets_what_it_needs_and_no_more(
    tmp_path: Path, versions: tuple[int, ...], expected: dict[str, str]
) -> None:
    """By the true chip, whatever it is told to pretend; without an AMD chip nothing is set."""
    pretending = {"HSA_OVERRIDE_GFX_VERSION": "11.0.0"}
    environment = dict(pretending)
    done = prepare(environment, tree(tmp_path, *versions))
    assert environment == pretending | expected
    assert {setting.name: setting.value for setting in done} == expected
    assert in_effect(environment) == expected


@pytest.mark.parametrize("name", [ALLOCATOR, "PYTORCH_HIP_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"])
def test_what_the_user_has_set_stays(tmp_path: Path, name: str) -> None:
    """Also under an older name, also when it is switched off."""
    environment = {AOTRITON: "0", name: "max_split_size_mb:128"}
    before = dict(environment)
    assert prepare(environment, tree(tmp_path, 110000)) == ()
    assert environment == before


def test_an_older_torch_keeps_its_allocator() -> None:
    """It would warn that expandable segments are not supported; so would no torch at all."""
    for version in ((2, 10), None):
        assert [each.name for each in settings_for(("gfx1100",), version)] == [AOTRITON]


def test_the_reason_is_told_with_the_variable() -> None:
    """As one line."""
    (first, *_) = settings_for(("gfx1201",), (2, 13))
    assert str(first) == f"{AOTRITON}=1 (RDNA 3 and 4: flash attention is opt-in)"
    assert (installed_torch() or (2, 11)) >= (2, 11)
