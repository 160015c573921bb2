"""OpenAI's interface, spoken by OpenAI's own client, unmodified, to a real server."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import openai
import pytest
import torch

from fakes import numbered_questions
from patience import PATIENCE_S
from real_server import Running
from underdog.inference.score import score
from underdog.inference.scorer import Scorer


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{running.address}/v1", api_key="unused", timeout=PATIENCE_S
    ) as found:
        yield found


USER = [{"role": "user", "content": "hello"}]
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"enum": ["A", "B"]}},
    "required": ["answer"],
    "additionalProperties": False,
}


def test_models_are_listed_and_found_by_name(client: openai.OpenAI) -> None:
    """The list holds the name to ask for; a wrong one is a NotFoundError with OpenAI's code."""
    assert [each.id for each in client.models.list()] == ["tiny"]
    assert client.models.retrieve("tiny").owned_by == "underdog"
    with pytest.raises(openai.NotFoundError) as told:
        client.models.retrieve("gpt-4o")
    assert told.value.code == "model_not_found"


def test_a_streamed_chat_adds_up_to_the_plain_one(client: openai.OpenAI) -> None:
    """Role first, then text; the last part names the reason; usage comes when asked for."""
    plain = client.chat.completions.create(
        model="tiny", messages=USER, max_tokens=12, temperature=0
    )
    parts = list(
        client.chat.completions.create(
            model="tiny",
            messages=USER,
            max_tokens=12,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert parts[0].choices[0].delta.role == "assistant"
    text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    assert text == plain.choices[0].message.content
    ends = [part.choices[0].finish_reason for part in parts if part.choices]
    assert ends[-1] == plain.choices[0].finish_reason == "length"
    assert parts[-1].usage == plain.usage
    assert plain.usage is not None
    assert (plain.usage.prompt_tokens, plain.usage.completion_tokens) == (5, 12)


def test_a_chat_tells_log_probabilities_of_its_tokens(client: openai.OpenAI) -> None:
    """Greedy tokens are the likeliest of their places, and streams tell the same ones."""
    asked = {"model": "tiny", "messages": USER, "max_tokens": 5, "temperature": 0}
    plain = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2)
    logs = plain.choices[0].logprobs
    assert logs is not None
    assert logs.content is not None
    assert [each.token for each in logs.content] == [
        each.top_logprobs[0].token for each in logs.content
    ]
    assert all(each.logprob <= 0 for each in logs.content)
    streamed = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2, stream=True)
    told = [
        each.logprob
        for part in streamed
        if part.choices[0].logprobs
        for each in part.choices[0].logprobs.content or []
    ]
    assert told == pytest.approx([each.logprob for each in logs.content], abs=1e-4)


def test_a_json_schema_is_kept_by_a_random_model(client: openai.OpenAI) -> None:
    """`response_format` with a schema gives JSON that satisfies it."""
    reply = client.chat.completions.create(
        model="tiny",
        messages=USER,
        max_tokens=60,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
    )
    assert json.loads(reply.choices[0].message.content or "")["answer"] in {"A", "B"}


def test_every_form_of_a_prompt_gives_the_same_reply(client: openai.OpenAI, scorer: Scorer) -> None:
    """Text, texts, token ids and lists of them; two replies to each stand side by side."""
    ids = scorer.tokenizer.encode("abc", add_special_tokens=False)
    forms = {1: ("abc", ids), 2: (["abc", "x"], [ids, ids])}
    found = []
    for prompts, given in forms.items():
        for prompt in given:
            reply = client.completions.create(
                model="tiny", prompt=prompt, max_tokens=8, temperature=0, n=2
            )
            assert [each.index for each in reply.choices] == list(range(2 * prompts))
            found += [reply.choices[0].text, reply.choices[1].text]
    assert len(set(found)) == 1


def test_an_echoed_prompt_is_scored_as_in_process(client: openai.OpenAI, scorer: Scorer) -> None:
    """What lm-eval reads: log-probabilities of a prompt's own tokens, within 1e-4 nats."""
    ids = scorer.tokenizer.encode("the capital", add_special_tokens=False)
    reply = client.completions.create(
        model="tiny", prompt=[ids], max_tokens=1, temperature=0, logprobs=1, echo=True
    )
    logs = reply.choices[0].logprobs
    assert logs is not None
    with torch.inference_mode():
        plain = scorer.model(torch.tensor([ids])).logits[0].log_softmax(-1)
    expected = [float(plain[place, token]) for place, token in enumerate(ids[1:])]
    assert logs.token_logprobs is not None
    assert logs.token_logprobs[0] is None
    assert logs.token_logprobs[1 : len(ids)] == pytest.approx(expected, abs=1e-4)


def test_stop_texts_end_a_reply_and_are_left_out(client: openai.OpenAI) -> None:
    """The reply is what came before the stop text, for the reason stop."""
    asked = {"model": "tiny", "prompt": "abc", "temperature": 0, "max_tokens": 12}
    whole = client.completions.create(**asked).choices[0].text
    stop = next(letter for letter in whole if letter.isprintable() and letter != "\ufffd")
    cut = client.completions.create(**asked, stop=[stop]).choices[0]
    assert (cut.text, cut.finish_reason) == (whole[: whole.index(stop)], "stop")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"prompt": "a", "logit_bias": {"5": 1}}, "logit_bias is not supported"),
        ({"prompt": "a", "temperature": 3}, "temperature: Input should be less than or equal"),
        ({"prompt": "x" * 600}, "at most 512 tokens (context_length_exceeded)"),
        ({"prompt": [[9999]]}, "ids from 0 to 299"),
        ({"prompt": ["a"] * 1025}, "1 to 1024 replies in one request, not 1025"),
        ({"prompt": []}, "a prompt of at least one token"),
    ],
)
def test_what_cannot_be_served_says_why(
    client: openai.OpenAI, asked: dict[str, object], message: str
) -> None:
    """Every refusal is a BadRequestError whose message names the reason."""
    with pytest.raises(openai.BadRequestError) as told:
        client.completions.create(model="tiny", **asked)
    assert message in told.value.message


def test_answers_equal_those_of_the_scorer(running: Running, scorer: Scorer) -> None:
    """Letter, text and probabilities of `/v1/answer`, choices as a list or by letter, and the shape
    of contestants' own servers.
    """
    questions = numbered_questions(3)
    with running.client() as client:
        for question, expected in zip(questions, score(questions, scorer), strict=True):
            asked = {"question": question.text, "choices": list(question.choices)}
            told = client.post("/v1/answer", json=asked).json()
            assert expected.choice is not None
            assert expected.log_probs is not None
            assert told["answer"] == "ABCD"[expected.choice]
            assert told["choice"] == question.choices[expected.choice]
            assert list(told["probabilities"].values()) == pytest.approx(
                [math.exp(each) for each in expected.log_probs], abs=1e-4
            )
            by_letter = dict(zip("ABCD", question.choices, strict=True))
            old = client.post(
                "/answer_question", json={"question": question.text, "choices": by_letter}
            ).json()
            assert old["answer"] == told["answer"]
            assert old["answer_time"] > 0
        wrong = client.post("/v1/answer", json={"question": "?", "choices": ["same", "same"]})
    assert wrong.status_code == 400
    assert "choices that differ from each other" in wrong.json()["error"]["message"]
