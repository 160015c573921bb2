"""Load and abuse of a real `underdog serve` on loopback: wrong answers, lost requests, harm done.

    python benchmarks/serve_load.py [--requests 5000] [--clients 64]

Starts `underdog serve tiny-base` as a process, asks it questions of the embedded bank from many
clients at once, and checks every reply against the same model in this process. Then: clients that
misbehave, SIGTERM under load, and a burst past the queue limit. Loops are bounded; the last line is
JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.questions import four_choice_questions
from underdog.inference.latency import nearest_rank
from underdog.inference.score import score
from underdog.inference.scorer import open_scorer

KEY = "load-test"
TOLERANCE = 1e-4
"""Nats: the largest difference that sharing a batch may make (`inference/score.py`)."""


@contextmanager
def server(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`underdog serve tiny-base` on a free port."""
    command = [sys.executable, "-m", "underdog", "serve", "tiny-base", "--port", "0"]
    environment = {**os.environ, "SERVE_KEY": KEY}
    process = subprocess.Popen(
        [*command, "--api-key-env", "SERVE_KEY", *flags],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        yield process, found.group()
    finally:
        process.kill()
        process.wait()


def client(address: str, clients: int) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=clients)
    headers = {"authorization": f"Bearer {KEY}"}
    return httpx2.AsyncClient(base_url=address, timeout=300, limits=limits, headers=headers)


def expected_answers(count: int) -> list[tuple[dict[str, Any], int, list[float]]]:
    """Requests with the choice and the probabilities that the model gives in this process."""
    made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
    questions = [each.question for each in made[:count]]
    predictions = score(questions, open_scorer("tiny-base"))
    return [
        (
            {"question": question.text, "choices": list(question.choices)},
            prediction.choice or 0,
            list(prediction.log_probs or ()),
        )
        for question, prediction in zip(questions, predictions, strict=True)
    ]


def is_right(reply: dict[str, Any], choice: int, log_probs: list[float]) -> bool:
    told = [math.log(max(each, 1e-300)) for each in reply["probabilities"].values()]
    near = all(abs(a - b) <= TOLERANCE for a, b in zip(told, log_probs, strict=True) if b > -30)
    tie = max(log_probs) - log_probs["ABCD".index(reply["answer"])] <= TOLERANCE
    return near and (reply["answer"] == "ABCD"[choice] or tie)


async def load(address: str, asked: list[Any], clients: int, requests: int) -> dict[str, Any]:
    """`clients` workers, each with one request in flight, until `requests` are answered."""
    seconds: list[float] = []
    outcome: Counter[str] = Counter()
    numbers = iter(range(requests))
    async with client(address, clients) as http:

        async def work() -> None:
            for number in numbers:
                body, choice, log_probs = asked[number % len(asked)]
                start = time.perf_counter()
                reply = await http.post("/v1/answer", json=body)
                seconds.append(time.perf_counter() - start)
                if reply.status_code != 200:
                    outcome[str(reply.status_code)] += 1
                else:
                    outcome["right" if is_right(reply.json(), choice, log_probs) else "wrong"] += 1

        start = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(clients)))
        wall_s = time.perf_counter() - start
        metrics = (await http.get("/metrics")).text
    passes = float(re.findall(r'pass_jobs_count\{kind="answer"\} (\S+)', metrics)[0])
    ordered = sorted(seconds)
    return {
        "requests": requests,
        "clients": clients,
        "right": outcome["right"],
        "wrong": outcome["wrong"],
        "lost": requests - outcome.total(),
        "other": {key: n for key, n in outcome.items() if key not in {"right", "wrong"}},
        "p50_s": round(nearest_rank(ordered, 0.50), 4),
        "p99_s": round(nearest_rank(ordered, 0.99), 4),
        "per_s": round(requests / wall_s, 1),
        "questions_per_pass": round(requests / passes, 1),
    }


async def burst(address: str, asked: list[Any], clients: int) -> dict[str, Any]:
    """All at once at a server whose queue holds 8: served or told to come back, nothing else."""
    async with client(address, clients) as http:
        bodies = [asked[number % len(asked)][0] for number in range(clients)]
        replies = await asyncio.gather(*(http.post("/v1/answer", json=each) for each in bodies))
    statuses = Counter(reply.status_code for reply in replies)
    named = [reply.headers.get("retry-after") for reply in replies if reply.status_code == 429]
    return {
        "served": statuses[200],
        "told_429": statuses[429],
        "other": clients - statuses[200] - statuses[429],
        "retry_after_named": all(named),
    }


async def abuse(address: str) -> dict[str, Any]:
    """Each misbehaviour and the status it got; `alive` is a right answer afterwards."""
    body = {"prompt": "The capital of France", "max_tokens": 400}
    found: dict[str, Any] = {}
    async with client(address, 8) as http:
        large = await http.post("/v1/completions", content=b"x" * 100_000_000)
        found["100_mb"] = large.status_code
        json_type = {"content-type": "application/json"}
        bad = await http.post("/v1/completions", content=b'{"prompt": ', headers=json_type)
        found["bad_json"] = bad.status_code
        wrong = await http.post("/v1/completions", json={**body, "model": "gpt-4o"})
        found["wrong_model"] = wrong.status_code
        plain = httpx2.AsyncClient(base_url=address)
        found["no_key"] = (await plain.post("/v1/completions", json=body)).status_code
        for _ in range(20):
            await hang_up(address)
        found["slow_drip"] = await drip(address)
        while "underdog_in_flight 0.0" not in (await http.get("/metrics")).text:
            await asyncio.sleep(0.05)
        counted = re.findall(r'status="499"\} (\S+)', (await http.get("/metrics")).text)
        found["hung_up"] = int(sum(map(float, counted[:1])))
        alive = await http.post("/v1/answer", json={"question": "1?", "choices": ["a", "b"]})
        found["alive"] = alive.status_code == 200
        await plain.aclose()
    return found


async def hang_up(address: str) -> None:
    """A client that asks for a long reply and goes away before it comes."""
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({"prompt": "The", "max_tokens": 400, "n": 16}).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
    writer.write(f"{head}content-type: application/json\r\n".encode())
    writer.write(f"content-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()


async def drip(address: str) -> int:
    """A body that comes byte by byte; gives the status that ends it."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/answer HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
    writer.write(f"{head}content-length: 1000\r\n\r\n".encode())
    reading = asyncio.ensure_future(reader.readline())
    for _ in range(200):
        writer.write(b" ")
        done, _ = await asyncio.wait({reading}, timeout=0.2)
        if done:
            break
    line = await reading
    writer.close()
    return int(line.split()[1]) if line else 0


async def stop_under_load(
    process: subprocess.Popen[str], address: str, asked: list[Any], clients: int
) -> dict[str, Any]:
    """SIGTERM with requests in flight: each ends in an answer or a 503; the exit status is 0."""
    outcome: Counter[str] = Counter()
    admitted = asyncio.Event()
    async with client(address, clients) as http:

        async def work(number: int) -> None:
            body, choice, log_probs = asked[number % len(asked)]
            for _ in range(400):
                try:
                    reply = await http.post("/v1/answer", json=body)
                except httpx2.ConnectError:
                    outcome["refused"] += 1
                    return
                except httpx2.TransportError:
                    outcome["cut"] += 1
                    return
                if reply.status_code == 200:
                    right = is_right(reply.json(), choice, log_probs)
                    outcome["right" if right else "wrong"] += 1
                    admitted.set()
                else:
                    outcome[str(reply.status_code)] += 1
                    return

        working = [asyncio.ensure_future(work(number)) for number in range(clients)]
        await admitted.wait()
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*working)
    return {**outcome, "exit_status": await asyncio.to_thread(process.wait, 120)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--out", type=Path, help="also write the JSON there")
    args = parser.parse_args()
    asked = expected_answers(min(args.requests, 500))
    results: dict[str, Any] = {}
    with server() as (process, address):
        results["load"] = asyncio.run(load(address, asked, args.clients, args.requests))
        print("load:", results["load"], flush=True)
        results["abuse"] = asyncio.run(abuse(address))
        print("abuse:", results["abuse"], flush=True)
        results["sigterm"] = asyncio.run(stop_under_load(process, address, asked, args.clients))
        print("sigterm:", results["sigterm"], flush=True)
    with server("--queue", "8") as (_, address):
        results["burst"] = asyncio.run(burst(address, asked, args.clients))
        print("burst:", results["burst"], flush=True)
    if args.out is not None:
        args.out.write_text(json.dumps(results))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
