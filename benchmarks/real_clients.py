"""Clients that others wrote, unmodified, against a real `underdog serve tiny-base` on loopback.

    python benchmarks/real_clients.py --python VENV/bin/python [--questions 100]

VENV has `lm-eval[api,hf]==0.4.13` and `inspect-ai`. In turn: openai's client (plain, streamed, JSON
schema, log-probabilities), curl, lm-evaluation-harness `local-completions` beside the same harness
in process (HFLM), inspect_ai's OpenAI-compatible provider. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TASK = """task: letters
dataset_path: json
dataset_kwargs: {{data_files: {{validation: {rows}}}}}
output_type: multiple_choice
validation_split: validation
doc_to_text: "Question: {{{{question}}}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: answer
target_delimiter: " "
num_fewshot: 0
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1.0}}
"""

HARNESS = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import lm_eval
from lm_eval.tasks import TaskManager
folder, base, address, name = sys.argv[1:]
tasks = TaskManager(include_path=folder, include_defaults=False)
def run(kind, **args):
    found = lm_eval.simple_evaluate(model=kind, tasks=["letters"], task_manager=tasks,
        bootstrap_iters=0, log_samples=True, model_args=args, **({"batch_size": 8}))
    samples = sorted(found["samples"]["letters"], key=lambda each: each["doc_id"])
    logs = [[each[0][0] for each in sample["resps"]] for sample in samples]
    return found["results"]["letters"]["acc,none"], [[float(v) for v in row] for row in logs]
theirs, plain = run("hf", pretrained=base, device="cpu", dtype="float32")
served, told = run("local-completions", model=name, base_url=address + "/v1/completions",
    tokenizer=base, tokenizer_backend="huggingface", num_concurrent=4, max_retries=3)
gap = max(abs(a - b) for x, y in zip(plain, told) for a, b in zip(x, y))
print(json.dumps({"acc_in_process": theirs, "acc_served": served, "max_logprob_gap": gap,
    "questions": len(plain)}))
"""

INSPECT = """
import json, sys
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import choice
from inspect_ai.solver import multiple_choice
folder, rows, address, name = sys.argv[1:]
samples = [Sample(input=row["question"], choices=row["choices"], target="ABCD"[row["answer"]])
    for row in map(json.loads, open(rows))][:20]
model = get_model("openai-api/underdog/" + name, base_url=address + "/v1", api_key="none")
task = Task(dataset=MemoryDataset(samples), solver=multiple_choice(), scorer=choice())
(log,) = eval(task, model=model, log_dir=folder, display="none", max_tokens=16, temperature=0.0)
used = log.stats.model_usage
print(json.dumps({"status": log.status, "samples": log.results.completed_samples,
    "tokens": sum(each.total_tokens for each in used.values())}))
"""

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"enum": ["A", "B", "C", "D"]}},
    "required": ["answer"],
    "additionalProperties": False,
}


@contextmanager
def server() -> Iterator[str]:
    command = [sys.executable, "-m", "underdog", "serve", "tiny-base", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        yield found.group()
    finally:
        process.kill()
        process.wait()


def with_openai(address: str) -> dict[str, bool]:
    """Each way of OpenAI's own client."""
    import openai

    client = openai.OpenAI(base_url=f"{address}/v1", api_key="none", timeout=300)
    turn = [{"role": "user", "content": "Question: What is the capital of France?\nAnswer:"}]
    asked: dict[str, Any] = {"model": "tiny-base", "messages": turn, "max_tokens": 8}
    plain = client.chat.completions.create(**asked, temperature=0)
    text = plain.choices[0].message.content
    stream = client.chat.completions.create(**asked, temperature=0, stream=True)
    parts = "".join(part.choices[0].delta.content or "" for part in stream)
    held = client.chat.completions.create(
        **{**asked, "max_tokens": 32},
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
    )
    logs = client.chat.completions.create(**asked, temperature=0, logprobs=True, top_logprobs=3)
    first = logs.choices[0].logprobs
    return {
        "plain": bool(text),
        "streaming_equals_plain": parts == text,
        "json_schema": json.loads(held.choices[0].message.content or "")["answer"] in "ABCD",
        "logprobs": first is not None and len((first.content or [])[0].top_logprobs) == 3,
    }


def with_curl(address: str) -> dict[str, Any]:
    """One line of a shell."""
    body = json.dumps({"question": "What is the capital of France?", "choices": ["Rome", "Paris"]})
    command = ["curl", "-sS", f"{address}/v1/answer", "-H", "content-type: application/json"]
    done = subprocess.run([*command, "-d", body], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return {"answer": told["answer"], "probabilities": told["probabilities"]}


def with_script(python: str, script: str, *arguments: str) -> dict[str, Any]:
    """A peer in its own environment, with no network but loopback."""
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "OPENAI_API_KEY": "none",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [python, "-c", script, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=900,
        check=False,
    )
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1][:300]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="interpreter with lm-eval and inspect-ai")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--skip", nargs="*", default=[], choices=("lm_eval", "inspect_ai"))
    args = parser.parse_args()
    from underdog.adapters.embedded import find_base
    from underdog.data.bank.facts import load_facts, load_relations
    from underdog.data.bank.questions import four_choice_questions

    made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
    questions = [each.question for each in made[: args.questions]]
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, server() as address:
        folder = Path(name)
        rows = folder / "rows.jsonl"
        with rows.open("w", encoding="utf-8") as file:
            for each in questions:
                row = {"question": each.text, "choices": each.choices, "answer": each.answer}
                file.write(json.dumps(row) + "\n")
        (folder / "letters.yaml").write_text(TASK.format(rows=rows))
        results["openai"] = with_openai(address)
        print("openai:", results["openai"], flush=True)
        results["curl"] = with_curl(address)
        print("curl:", results["curl"], flush=True)
        base = str(find_base("tiny-base"))
        if "lm_eval" not in args.skip:
            given = (str(folder), base, address, "tiny-base")
            results["lm_eval"] = with_script(args.python, HARNESS, *given)
            print("lm_eval:", results["lm_eval"], flush=True)
        if "inspect_ai" not in args.skip:
            given = (str(folder), str(rows), address, "tiny-base")
            results["inspect_ai"] = with_script(args.python, INSPECT, *given)
            print("inspect_ai:", results["inspect_ai"], flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
