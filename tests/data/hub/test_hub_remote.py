"""The hub's side, against a hub on this machine: commits, scripts, faults, a kill and the rest."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_hub import CONVERTED, FakeHub, serve
from huggingface_hub import constants

from patience import PATIENCE_S
from underdog.data.hub.catalogue import SOURCES
from underdog.data.hub.fetch import fetch
from underdog.data.hub.ledger import Entry, State, read_ledger
from underdog.data.hub.remote import HubOrigin, open_hub
from underdog.errors import SourceError
from underdog.runs.files import digest_file

CONTINUE_HINT = (
    "Try: the same command continues once it can be reached; or copy the set's files from another "
    "machine and read them with --from DIR"
)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """Rows as a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def sciq_rows(first: int, last: int) -> list[dict[str, Any]]:
    """Different questions of SciQ."""
    return [
        {
            "question": f"What is {number}?",
            "distractor1": "a",
            "distractor2": "b",
            "distractor3": "c",
            "correct_answer": "d",
            "support": "",
        }
        for number in range(first, last)
    ]


PIQA_ROWS = [{"goal": f"Do {number}", "sol1": "x", "sol2": "y", "label": 1} for number in range(5)]
CARD = b"---\nlicense: cc-by-nc-3.0\n---\n# A set\n"


def small_hub() -> FakeHub:
    """SciQ as Parquet, PIQA and WinoGrande behind loading scripts with the hub's Parquet branch."""
    winogrande = [{"sentence": "A _ B", "option1": "a", "option2": "b", "answer": "2"}]
    other = [{"sentence": "C _ D", "option1": "c", "option2": "d", "answer": "1"}]
    return FakeHub(
        {
            "allenai/sciq": {
                "main": {
                    "README.md": CARD,
                    "data/train-00000-of-00002.parquet": parquet(sciq_rows(0, 6000)),
                    "data/train-00001-of-00002.parquet": parquet(sciq_rows(6000, 6600)),
                    "data/validation-00000-of-00001.parquet": parquet(sciq_rows(6600, 6605)),
                    "data/test-00000-of-00001.parquet": parquet(sciq_rows(6605, 6610)),
                }
            },
            "ybisk/piqa": {
                "main": {"README.md": CARD, "piqa.py": b"raise SystemExit"},
                CONVERTED: {
                    "default/train/0000.parquet": parquet(PIQA_ROWS),
                    "default/test/0000.parquet": parquet(PIQA_ROWS[:1]),
                },
            },
            "allenai/winogrande": {
                "main": {"README.md": CARD, "winogrande.py": b"raise SystemExit"},
                CONVERTED: {
                    "winogrande_s/train/0000.parquet": parquet(other),
                    "winogrande_xl/train/0000.parquet": parquet(winogrande),
                },
            },
        }
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that `huggingface_hub` asks in this process; it reads the address at every call."""
    served = small_hub()
    with serve(served) as address:
        monkeypatch.setattr(constants, "ENDPOINT", address)
        yield served


def test_a_branch_stands_for_a_commit(hub: FakeHub) -> None:
    """What is read later is the commit, even when the branch moves on."""
    origin = open_hub(SOURCES["sciq"], None)
    commit = hub.commit("allenai/sciq", "main")
    assert origin == HubOrigin("main", commit, (), None)
    assert open_hub(SOURCES["sciq"], commit) == HubOrigin(commit, commit, (), None)


def test_behind_a_loading_script_the_parquet_branch_is_read(hub: FakeHub) -> None:
    """Named by the catalogue for PIQA, found out for WinoGrande; a commit of it is known again."""
    files = ("default/test/0000.parquet", "default/train/0000.parquet")
    commit = hub.commit("ybisk/piqa", CONVERTED)
    assert open_hub(SOURCES["piqa"], None) == HubOrigin(CONVERTED, commit, files, None)
    assert open_hub(SOURCES["piqa"], commit) == HubOrigin(commit, commit, files, None)
    origin = open_hub(SOURCES["winogrande"], None)
    assert (origin.asked, origin.revision) == (
        CONVERTED,
        hub.commit("allenai/winogrande", CONVERTED),
    )


def test_a_revision_with_a_script_is_refused(hub: FakeHub) -> None:
    """Whoever asks for the main branch by name is told what to ask for instead."""
    with pytest.raises(SourceError) as caught:
        open_hub(SOURCES["piqa"], "main")
    assert str(caught.value) == (
        "ybisk/piqa: a revision without a loading script is needed; got piqa.py in main. Try: piqa "
        "without @REVISION reads the hub's Parquet branch"
    )


def test_a_split_that_the_parquet_branch_lacks_is_named(hub: FakeHub) -> None:
    """With the files that are there."""
    origin = open_hub(SOURCES["piqa"], None)
    with pytest.raises(SourceError) as caught:
        origin.batches(SOURCES["piqa"], "validation", skip=0)
    assert str(caught.value) == (
        f"ybisk/piqa at {origin.revision[:12]}: Parquet files of split validation are needed; got "
        "default/test/0000.parquet, default/train/0000.parquet. Try: another @REVISION"
    )


def test_what_the_hub_does_not_have_is_named(hub: FakeHub) -> None:
    """A repository, a revision, and a set behind terms that nobody accepted: three errors."""
    with pytest.raises(SourceError) as caught:
        open_hub(SOURCES["race"], None)
    message = "race (ehovy/race): a set that the hub has is needed; got RepositoryNotFoundError: "
    assert str(caught.value).startswith(message)
    with pytest.raises(SourceError) as caught:
        open_hub(SOURCES["sciq"], "v9")
    message = str(caught.value)
    assert message.startswith("sciq (allenai/sciq): a revision that the hub has is needed; got ")
    assert message.endswith("Try: its name without @REVISION takes the newest")
    hub.gated.add("allenai/sciq")
    with pytest.raises(SourceError) as caught:
        open_hub(SOURCES["sciq"], None)
    message = str(caught.value)
    assert message.startswith("sciq (allenai/sciq): a set that is open to you is needed; got ")
    assert message.endswith("accept its terms on its page on the hub, then hf auth login")


def test_a_hub_that_does_not_answer_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request, one error with the address and the way without a hub; nothing is left behind."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        with pytest.raises(SourceError) as caught:
            fetch(["mmlu"], out=tmp_path)
    message = str(caught.value)
    assert message.startswith("mmlu (cais/mmlu): the Hugging Face hub must be reachable; got ")
    assert f" from {address}. {CONTINUE_HINT}" in message
    assert read_ledger(tmp_path) == {}


def test_offline_mode_is_respected_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_HUB_OFFLINE keeps every request from being made."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError) as caught:
        fetch(["mmlu"], out=tmp_path)
    assert str(caught.value) == (
        "mmlu (cais/mmlu): the Hugging Face hub must be reachable; got offline mode "
        f"(HF_HUB_OFFLINE or HF_DATASETS_OFFLINE is set). {CONTINUE_HINT}"
    )


PROGRAM = """
import json, sys
from pathlib import Path
from underdog.data.hub.fetch import fetch
from underdog.data.hub.room import cache_places
out, *names = sys.argv[1:]
done = fetch(names, out=Path(out))
print(json.dumps({
    "done": [[each.entry.state, each.new_rows] for each in done],
    "cache": [[str(each.path), each.size_bytes] for each in cache_places()],
    "torch": "torch" in sys.modules,
}))
"""


class Continued(NamedTuple):
    """A fetch that was killed, and what the same command did then in a process of its own."""

    out: Path
    home: Path
    killed: Entry
    said: dict[str, Any]
    faults: str


def start(address: str, home: Path, out: Path, *names: str) -> subprocess.Popen[str]:
    """A process of its own: the libraries read address and folders when they are imported."""
    places = {"HF_HOME": str(home), "HF_DATASETS_CACHE": str(home / "elsewhere")}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(out), *names],
        env={**os.environ, **places, "HF_ENDPOINT": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def continued(tmp_path_factory: pytest.TempPathFactory) -> Continued:
    """SciQ is killed while its second file is on its way; then it and two more sets are fetched."""
    root = tmp_path_factory.mktemp("hub")
    hub, out, home = small_hub(), root / "out", root / "home"
    (home / "hub" / "models--a--b").mkdir(parents=True)
    (home / "hub" / "models--a--b" / "weights").write_bytes(b"1" * 99_999)
    hub.held_path = "data/train-00001-of-00002.parquet"
    with serve(hub) as address:
        first = start(address, home, out, "sciq")
        assert hub.held.wait(PATIENCE_S)
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
        assert first.returncode == -signal.SIGKILL
        killed = read_ledger(out)["sciq"]
        hub.held_path = ""
        hub.release.set()
        second = start(address, home, out, "sciq", "piqa", "winogrande")
        said, faults = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, faults
    return Continued(out, home, killed, json.loads(said), faults)


@pytest.mark.slow
def test_a_fetch_from_the_hub_survives_a_kill(continued: Continued, tmp_path: Path) -> None:
    """The same command goes on behind the checkpoint, without a warning, and ends in the bytes that
    the same files give through a folder.
    """
    hub = small_hub()
    assert (continued.killed.state, continued.killed.rows, continued.killed.revision) == (
        State.PART,
        5000,
        hub.commit("allenai/sciq", "main"),
    )
    assert continued.faults == ""
    assert continued.said["done"][0] == ["whole", 1605]
    for name, content in hub.repositories["allenai/sciq"]["main"].items():
        path = tmp_path / "copy" / "sciq" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (copied,) = fetch(["sciq"], out=tmp_path / "again", from_dir=tmp_path / "copy")
    assert digest_file(continued.out / "sciq.jsonl") == digest_file(copied.path)


@pytest.mark.slow
def test_sets_behind_scripts_come_from_the_parquet_branch(continued: Continued) -> None:
    """PIQA under the branch's own name for its configuration, WinoGrande from the right one."""
    assert continued.said["done"][1:] == [["whole", 5], ["whole", 1]]
    piqa = (continued.out / "piqa.jsonl").read_text().splitlines()
    assert [json.loads(line)["question"] for line in piqa] == [
        f"Do {number} ..." for number in range(5)
    ]
    (line,) = (continued.out / "winogrande.jsonl").read_text().splitlines()
    assert json.loads(line)["choices"] == ["a", "b"]


@pytest.mark.slow
def test_the_cache_is_where_the_library_puts_it(continued: Continued) -> None:
    """HF_HOME and HF_DATASETS_CACHE move it. A stream leaves cards and locks there, no rows; models
    beside the sets are not counted.
    """
    (prepared, prepared_bytes), (downloads, downloads_bytes) = continued.said["cache"]
    assert (prepared, downloads) == (
        str(continued.home / "elsewhere"),
        str(continued.home / "hub"),
    )
    assert prepared_bytes + downloads_bytes < 5000
    assert downloads_bytes >= len(CARD)


@pytest.mark.slow
def test_a_fetch_loads_no_torch(continued: Continued) -> None:
    """The library would import it to ask for its data loaders; that takes longer than the sets."""
    assert continued.said["torch"] is False
