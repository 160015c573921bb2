"""Replies that share passes are the replies that each prompt would get alone."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from fakes import peft_quiet, save_base, save_random_adapter
from real_server import tiny_scorer
from underdog.errors import InputError
from underdog.inference.evidence import tempered
from underdog.inference.members import open_members
from underdog.inference.scorer import Scorer
from underdog.inference.server.engine import Delta, Generation, Message, Refused, Sampling, TokenLog
from underdog.inference.server.resident import ResidentEngine, Voice
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation

PROMPTS = ("a", "the quick brown fox", "jumps over", "x" * 40)
GREEDY = Sampling(max_tokens=12, temperature=0)


@pytest.fixture(scope="module")
def engine(scorer: Scorer) -> ResidentEngine:
    return ResidentEngine({"tiny": Voice(scorer)})


class Replied:
    """Text, log-probabilities and end of every reply, collected from deltas."""

    def __init__(self) -> None:
        self.text: dict[int, str] = {}
        self.logs: dict[int, list[TokenLog]] = {}
        self.last: dict[int, Delta] = {}

    def take(self, deltas: list[Delta | Refused]) -> None:
        for delta in deltas:
            assert isinstance(delta, Delta), delta
            self.text[delta.key] = self.text.get(delta.key, "") + delta.text
            self.logs.setdefault(delta.key, []).extend(delta.logs)
            self.last[delta.key] = delta


def make(engine: ResidentEngine, *waves: list[Generation], model: str = "tiny") -> Replied:
    """Waves join one step apart; runs until all replies have ended."""
    found = Replied()
    for wave in waves:
        found.take(list(engine.start(model, wave)))
        found.take(list(engine.step(model)))
    while engine.running():
        found.take(list(engine.step(model)))
    return found


def alone(engine: ResidentEngine, prompt: str, sampling: Sampling) -> str:
    return make(engine, [Generation(0, prompt, sampling)]).text[0]


def test_greedy_replies_that_join_and_leave_equal_those_of_transformers(
    engine: ResidentEngine, scorer: Scorer
) -> None:
    """Four prompts of different lengths, joining one by one with different limits, give what
    `generate` of transformers gives for each alone.
    """
    waves = [
        [Generation(key, prompt, Sampling(max_tokens=4 + 3 * key, temperature=0))]
        for key, prompt in enumerate(PROMPTS)
    ]
    found = make(engine, *waves)
    for key, prompt in enumerate(PROMPTS):
        ids = scorer.tokenizer(prompt, return_tensors="pt").input_ids
        with torch.inference_mode():
            whole = scorer.model.generate(
                ids, max_new_tokens=4 + 3 * key, do_sample=False, pad_token_id=256, eos_token_id=256
            )
        made = whole[0][ids.shape[1] :].tolist()
        expected = scorer.tokenizer.decode([each for each in made if each != 256])
        assert found.text[key] == expected


def test_seeded_replies_do_not_depend_on_who_else_is_in_the_batch(engine: ResidentEngine) -> None:
    """The same seed gives the same reply alone and among others; another seed another one."""
    drawn = Sampling(max_tokens=16, temperature=1.0, top_p=0.9, seed=5)
    others = [Generation(key, prompt, GREEDY) for key, prompt in enumerate(PROMPTS)]
    together = make(engine, others[:2], [Generation(9, "the same", drawn)], others[2:])
    assert together.text[9] == alone(engine, "the same", drawn)
    other = Sampling(max_tokens=16, temperature=1.0, top_p=0.9, seed=6)
    assert together.text[9] != alone(engine, "the same", other)


@pytest.mark.parametrize("logit_rows", [1, 7, 512])
def test_echoed_log_probabilities_are_those_of_one_plain_forward_pass(logit_rows: int) -> None:
    """Whatever piece of the prompt's logits is built at a time: within 1e-4 nats of a log-softmax
    over all of them, in batches with other prompts.
    """
    scorer = tiny_scorer(batch_predicted=logit_rows)
    engine = ResidentEngine({"tiny": Voice(scorer)})
    asked = Sampling(max_tokens=1, temperature=0, top_logprobs=3, echo=True)
    found = make(engine, [Generation(key, prompt, asked) for key, prompt in enumerate(PROMPTS)])
    for key, prompt in enumerate(PROMPTS):
        ids = scorer.tokenizer(prompt, return_tensors="pt").input_ids
        with torch.inference_mode():
            logs_LV = scorer.model(ids).logits[0].log_softmax(-1)
        told = found.logs[key]
        assert len(told) == len(prompt) + 1  # lm-eval cuts off the made token
        assert told[0].logprob is None
        for place in range(len(prompt) - 1):
            expected = float(logs_LV[place, ids[0, place + 1]])
            assert told[place + 1].logprob == pytest.approx(expected, abs=1e-4)
            best = [value for _, value in told[place + 1].top]
            assert best == pytest.approx(logs_LV[place].topk(3).values.tolist(), abs=1e-4)


def test_a_schema_is_satisfied_by_a_model_that_knows_nothing(engine: ResidentEngine) -> None:
    """A random model's reply parses and holds one of the values allowed, at any temperature."""
    schema = json.dumps(
        {
            "type": "object",
            "properties": {"answer": {"enum": ["A", "B"]}, "sure": {"type": "boolean"}},
            "required": ["answer", "sure"],
            "additionalProperties": False,
        }
    )
    asked = [
        Generation(key, "Say", Sampling(max_tokens=60, temperature=1.5, seed=key, schema=schema))
        for key in range(6)
    ]
    found = make(engine, asked)
    for text in found.text.values():
        value = json.loads(text)
        assert value["answer"] in {"A", "B"}
        assert isinstance(value["sure"], bool)


def test_what_cannot_be_made_is_refused_alone(engine: ResidentEngine) -> None:
    """A prompt beyond the context, a schema that is none and an id outside the vocabulary are
    refused with the reason; their neighbour is served.
    """
    wanted = [
        Generation(0, "x" * 600, GREEDY),
        Generation(1, "a", Sampling(schema='{"type": "nonsense"}')),
        Generation(2, (5, 9999), GREEDY),
        Generation(3, "a", Sampling(max_tokens=1, temperature=0)),
    ]
    told = {each.key: each for each in engine.start("tiny", wanted)}
    reasons = [each.error.sentence() for each in told.values() if isinstance(each, Refused)]
    assert "a prompt and reply of at most 512 tokens" in reasons[0]
    assert "got 600 in the prompt and 12 to make" in reasons[0]
    assert "a JSON schema that can be turned into a grammar; got Invalid type" in reasons[1]
    assert "ids from 0 to 299; got [9999]" in reasons[2]
    assert isinstance(told[3], Delta)


def test_dropped_replies_leave_the_others_untouched(engine: ResidentEngine) -> None:
    """A reply whose client is gone disappears between two tokens; the other goes on as alone."""
    engine.start("tiny", [Generation(key, PROMPTS[key], GREEDY) for key in (0, 3)])
    engine.drop("tiny", {3, 77})
    assert engine.running() == {"tiny": (0,)}
    rest = make(engine)
    assert alone(engine, PROMPTS[0], GREEDY).endswith(rest.text[0])


def test_a_chat_without_a_template_is_its_texts_and_with_one_the_template() -> None:
    """A base reads the messages' texts, one per line; a chat model its own template."""
    scorer = tiny_scorer()
    engine = ResidentEngine({"tiny": Voice(scorer)})
    turns = (Message("system", "be brief"), Message("user", "hello"))
    assert make(engine, [Generation(0, turns, GREEDY)]).text[0] == alone(
        engine, "be brief\nhello", GREEDY
    )
    turn = "[{{ m.role }}]{{ m.content }}"
    scorer.tokenizer.chat_template = f"{{% for m in messages %}}{turn}{{% endfor %}}>"
    assert make(engine, [Generation(0, turns, GREEDY)]).text[0] == alone(
        engine, "[system]be brief[user]hello>", GREEDY
    )


def test_every_name_is_answered_by_its_own_adapter(tmp_path: Path) -> None:
    """Base and adapter on one base in memory: each name gives the text that it gives alone."""
    base = save_base(tmp_path / "base")
    adapter = save_random_adapter(tmp_path / "adapter")
    with peft_quiet():
        both = open_members(base, {"base": None, "tuned": adapter})
        only = open_members(base, {"tuned": adapter})
    shared = ResidentEngine({name: Voice(both.scorer(name)) for name in both.names})
    single = ResidentEngine({"tuned": Voice(only.scorer("tuned"))})
    plain = ResidentEngine({"tiny": Voice(tiny_scorer())})
    found = Replied()
    found.take(list(shared.start("base", [Generation(0, "abc", GREEDY)])))
    found.take(list(shared.start("tuned", [Generation(1, "abc", GREEDY)])))
    while running := shared.running():
        for name in running:
            found.take(list(shared.step(name)))
    assert found.text[1] == make(single, [Generation(0, "abc", GREEDY)], model="tuned").text[0]
    assert found.text[1] != alone(plain, "abc", GREEDY)
    assert found.text[0] == alone(plain, "abc", GREEDY)


def test_tempering_keeps_the_order_and_normalises() -> None:
    """Temperature 2 halves the distance in log-odds; probabilities still add up to 1."""
    logs = tuple(math.log(value) for value in (0.64, 0.32, 0.04))
    given = Prediction("q", Presentation.identity(3), Outcome.CLEAN, 0, logs)
    cooled = tempered(given, 2.0)
    assert cooled.log_probs is not None
    assert math.fsum(map(math.exp, cooled.log_probs)) == pytest.approx(1)
    assert cooled.log_probs[0] - cooled.log_probs[2] == pytest.approx(math.log(16) / 2)
    assert cooled.choice == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"temperature": -1}, "a temperature from 0 to 100; got -1"),
        ({"top_p": 0}, "top_p above 0 and at most 1; got 0"),
        ({"max_tokens": -1}, "max_tokens of at least 0; got -1"),
        ({"top_logprobs": 21}, "log-probabilities of 0 to 20 tokens; got 21"),
        ({"stop": ("",)}, "stop texts that are not empty"),
    ],
)
def test_impossible_sampling_is_refused_when_made(wrong: dict[str, object], message: str) -> None:
    """Every field has its range, and the message names it."""
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        Sampling(**wrong)  # type: ignore[arg-type]
