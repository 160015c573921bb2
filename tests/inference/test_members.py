"""Members on one resident base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fakes import numbered_questions, save_base, save_random_adapter
from underdog.errors import InputError
from underdog.inference.evidence_cache import EvidenceCache
from underdog.inference.members import Members, open_members, score_members
from underdog.inference.score import score
from underdog.inference.scorer import ScoringConfig, open_scorer
from underdog.mcq.presentation import Presentation

QUESTIONS = numbered_questions(12)
KINDS = {
    "lora": {},
    "rslora": {"use_rslora": True, "r": 6},
    "dora": {"use_dora": True},
    "attention only": {"use_dora": True, "target_modules": ["q_proj", "v_proj"]},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("members")
    kinds = enumerate(KINDS.items())
    adapters = {
        name: save_random_adapter(root / str(number), seed=number, **kind)
        for number, (name, kind) in kinds
    }
    return {"": save_base(root / "base"), **adapters}


@pytest.fixture(scope="module")
def members(folders: dict[str, Path]) -> Members:
    adapters = {name: folder for name, folder in folders.items() if name}
    return open_members(folders[""], {**adapters, "base": None}, device="cpu")


def log_probs(scored: object) -> list[tuple[float, ...]]:
    return [each.prediction.log_probs for each in scored]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [*KINDS, "base"])
def test_a_member_among_others_scores_as_alone(
    members: Members, folders: dict[str, Path], name: str
) -> None:
    """To the last bit, whatever else is resident on the base."""
    alone = open_scorer(folders[""], folders.get(name), device="cpu")
    wanted = [each.log_probs for each in score(QUESTIONS, alone)]
    assert log_probs(score_members(QUESTIONS, members, [name])[name]) == wanted


def test_what_members_said_once_is_read_the_second_time(members: Members, tmp_path: Path) -> None:
    """Alone or mixed, all questions or more of them: only what is new enters the model, and every
    answer is the first one to the last bit.
    """
    cache, fed = EvidenceCache(tmp_path), list[int]()
    embedding = members.base.model.get_input_embeddings()
    hook = embedding.register_forward_hook(lambda _m, given, _o: fed.append(len(given[0])))
    first = score_members(QUESTIONS[:4], members, ["lora", "base"], cache=cache)
    asked = len(fed)
    assert asked > 0
    assert score_members(QUESTIONS[:4], members, ["lora", "base"], cache=cache) == first
    assert (
        score_members(QUESTIONS[1:2], members, ["base"], cache=cache)["base"] == first["base"][1:2]
    )
    assert len(fed) == asked
    more = score_members(QUESTIONS, members, ["lora", "dora"], cache=cache)
    hook.remove()
    assert len(fed) > asked
    assert more["lora"][:4] == first["lora"]
    torch.testing.assert_close(
        torch.tensor(log_probs(more["dora"])),
        torch.tensor(log_probs(score_members(QUESTIONS, members, ["dora"])["dora"])),
        rtol=0,
        atol=1e-4,
    )


def test_members_differ(members: Members) -> None:
    """No two of them give the same answers: each adapter is really in use."""
    found = score_members(QUESTIONS, members)
    assert list(found) == [*KINDS, "base"]
    assert len({str(log_probs(each)) for each in found.values()}) == len(found)


def test_stock_peft_agrees(members: Members) -> None:
    """The same resident model, computed by PEFT's own layers, DoRA included: within 1e-4 nats."""
    stock = replace(members, base=replace(members.base, mixed=None))
    ours, theirs = (score_members(QUESTIONS, each) for each in (members, stock))
    for name in members.names:
        left, right = torch.tensor(log_probs(ours[name])), torch.tensor(log_probs(theirs[name]))
        torch.testing.assert_close(left, right, rtol=0, atol=1e-4)


def test_presentations_are_kept(members: Members) -> None:
    """Every member is shown the orders that the caller gives."""
    orders = [Presentation.rotated(4, 1)] * len(QUESTIONS)
    for scored in score_members(QUESTIONS, members, presentations=orders).values():
        assert [each.prediction.presentation for each in scored] == orders


def test_one_folder_is_loaded_once(folders: dict[str, Path]) -> None:
    """Two names for one folder share its weights."""
    twice = open_members(folders[""], {"a": folders["lora"], "b": folders["lora"]}, device="cpu")
    assert twice.adapters["a"] == twice.adapters["b"]
    assert list(twice.base.model.peft_config) == ["member0"]


def test_members_are_asked_in_another_way(members: Members) -> None:
    """Another config is another view of the same model."""
    config = ScoringConfig(batch_tokens=99)
    assert members.asked(config).scorer("dora").config == config
    assert members.asked(config).base.model is members.base.model


def test_unknown_names_are_refused(members: Members, folders: dict[str, Path]) -> None:
    """The error lists the members."""
    with pytest.raises(InputError, match=r"out of lora, rslora, .*; got 'nobody'"):
        score_members(QUESTIONS, members, ["lora", "nobody"])
    with pytest.raises(InputError, match="names of members, each once"):
        members.check(["lora", "lora"])
    with pytest.raises(InputError, match="at least one member"):
        open_members(folders[""], {})
