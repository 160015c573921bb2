"""Fetching into a folder: whole, in parts, interrupted, again; every ending has the same bytes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.hub.catalogue import SOURCES
from underdog.data.hub.fetch import Fetched, FetchOptions, fetch
from underdog.data.hub.growing_set import CHECKPOINT_ROWS
from underdog.data.hub.ledger import LEDGER_NAME, Origin, State, half_fetched, read_ledger
from underdog.data.hub.room import cache_places
from underdog.errors import (
    CorruptFileError,
    DiskFullError,
    InputError,
    MissingExtraError,
    RunError,
    RunMismatchError,
    SourceError,
)
from underdog.runs.files import digest_file
from underdog.runs.lock import locked
from underdog.runs.progress import Silent

ROWS = CHECKPOINT_ROWS + 1500
"""More than a checkpoint, and no whole number of batches."""


class Recorded(Silent):
    """Keeps what it is told; stops the work after so many calls of `advance`."""

    def __init__(
        self, stop_after: int | None = None, error: type[BaseException] = KeyboardInterrupt
    ):
        self.told: list[tuple[str, int | None]] = []
        self.rows, self._left, self._error = 0, stop_after, error

    def begin(self, task: str, total: int | None) -> None:
        self.told.append((task, total))

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.rows += steps
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise self._error


def write_gsm8k(root: Path, rows: int = 40, test_rows: int = 3) -> Path:
    """Questions of GSM8K in JSON Lines, as two files of train and one of test."""
    folder = root / "gsm8k" / "main"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"question": f"What is {number} + 1?", "answer": f"So.\n#### {number + 1}"})
        for number in range(rows + test_rows)
    ]
    half = rows // 2
    for name, part in (
        ("train-00000-of-00002", lines[:half]),
        ("train-00001-of-00002", lines[half:rows]),
        ("test-00000-of-00001", lines[rows:]),
    ):
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in part))
    return root


class Big(NamedTuple):
    """Enough rows for checkpoints, and what an undisturbed fetch makes of them."""

    root: Path
    digest: str


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Big:
    """Fetched once, without disturbance."""
    root = write_gsm8k(tmp_path_factory.mktemp("big"), ROWS)
    (done,) = fetch(["gsm8k"], out=root / "whole", from_dir=root)
    return Big(root, digest_file(done.path))


def fetch_one(root: Path, out: Path, **options: Any) -> Fetched:
    """GSM8K from a folder."""
    (done,) = fetch(["gsm8k"], out=out, from_dir=root, options=FetchOptions(**options))
    return done


def test_a_set_is_a_file_of_records_and_an_entry_in_the_ledger(tmp_path: Path) -> None:
    """One line per row, in order; the entry says what, whence, how many, and the digest."""
    root = write_gsm8k(tmp_path)
    progress = Recorded()
    (done,) = fetch(["gsm8k"], out=tmp_path / "out", from_dir=root, progress=progress)
    lines = done.path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["answer"] for line in lines] == [str(n + 1) for n in range(40)]
    assert json.loads(lines[0]) == {
        "question": "What is 0 + 1?",
        "answer": "1",
        "explanation": "So.",
        "topic": "arithmetic",
        "source": "GSM8K",
        "licence": "mit",
    }
    written = json.loads((tmp_path / "out" / LEDGER_NAME).read_text())["sources"]["gsm8k"]
    revision = written.pop("revision")
    assert len(revision) == 64
    assert written == {
        "repository": "openai/gsm8k",
        "config": "main",
        "licence": "mit",
        "origin": "folder",
        "asked": "",
        "splits": ["train"],
        "parts": {"train": 40},
        "rows": 40,
        "state": "whole",
        "size_bytes": done.path.stat().st_size,
        "digest": digest_file(done.path),
    }
    assert (done.source, done.new_rows) == (SOURCES["gsm8k"], 40)
    assert (progress.told, progress.rows) == ([("fetch gsm8k", None)], 40)


def test_a_set_that_is_there_is_kept_without_being_read_again(tmp_path: Path) -> None:
    """The files it came from are gone; the second command still succeeds and writes nothing."""
    root = write_gsm8k(tmp_path / "hub")
    first = fetch_one(root, tmp_path / "out")
    shutil.rmtree(root / "gsm8k")
    before = first.path.stat().st_mtime_ns
    second = fetch_one(root, tmp_path / "out")
    assert (second.entry, second.new_rows) == (first.entry, 0)
    assert second.path.stat().st_mtime_ns == before


def test_several_sets_and_splits_share_a_folder(tmp_path: Path) -> None:
    """Names are folded; splits come in the order asked for; both are told."""
    root = write_gsm8k(tmp_path)
    (root / "web_questions").mkdir()
    (root / "web_questions" / "test.json").write_text(
        json.dumps([{"url": "u", "question": "who?", "answers": ["me"]}])
    )
    progress = Recorded()
    done = fetch(
        ["gsm8k", "web_questions", "GSM8K"],
        out=tmp_path / "out",
        from_dir=root,
        options=FetchOptions(splits=("test",)),
        progress=progress,
    )
    assert [(each.source.name, each.entry.rows) for each in done] == [
        ("gsm8k", 3),
        ("web_questions", 1),
    ]
    assert progress.told == [("fetch gsm8k", None), ("fetch web_questions", None)]
    both = fetch_one(root, tmp_path / "both", splits=("test", "train"))
    assert list(both.entry.parts.items()) == [("test", 3), ("train", 40)]
    first = json.loads(both.path.read_text().splitlines()[0])
    assert first["question"] == "What is 40 + 1?"


@settings(max_examples=5)
@given(stops=st.lists(st.integers(0, 6), min_size=1, max_size=3), junk=st.binary(max_size=40))
def test_an_interrupted_fetch_ends_in_the_same_bytes(
    big: Big, tmp_path_factory: pytest.TempPathFactory, stops: list[int], junk: bytes
) -> None:
    """Stopped after any batch, any number of times, with a torn line behind the last whole one."""
    out = tmp_path_factory.mktemp("out")
    for stop in stops:
        told = ""
        try:
            fetch(["gsm8k"], out=out, from_dir=big.root, progress=Recorded(stop))
        except KeyboardInterrupt as stopped:
            told = str(stopped)
        rows, path = read_ledger(out)["gsm8k"].rows, out / "gsm8k.jsonl"
        sentence = f"gsm8k is only half fetched ({rows} rows): the same underdog data fetch"
        if not told:
            break  # so little was left that the work was over before the stop
        assert told == f"stopped: {rows} rows of gsm8k are in {path}; the same command continues"
        assert half_fetched(out) == (f"{sentence} continues",)
        with (out / "gsm8k.jsonl").open("ab") as stream:
            stream.write(junk)
    done = fetch_one(big.root, out)
    assert digest_file(done.path) == big.digest
    assert half_fetched(out) == ()


def test_a_crash_without_a_last_word_costs_the_rows_since_the_checkpoint(
    big: Big, tmp_path: Path
) -> None:
    """An error that nobody expects stands for a kill: the ledger stays at the last checkpoint."""
    with pytest.raises(ZeroDivisionError):
        fetch(
            ["gsm8k"],
            out=tmp_path,
            from_dir=big.root,
            progress=Recorded(6, ZeroDivisionError),
        )
    assert read_ledger(tmp_path)["gsm8k"].rows == CHECKPOINT_ROWS
    assert (tmp_path / "gsm8k.jsonl").read_bytes().count(b"\n") > CHECKPOINT_ROWS
    done = fetch_one(big.root, tmp_path)
    assert (digest_file(done.path), done.new_rows) == (big.digest, ROWS - CHECKPOINT_ROWS)


def test_a_limit_can_be_raised_and_lifted(tmp_path: Path) -> None:
    """Each step continues where the last one stopped; in the end the bytes are the whole set's."""
    root = write_gsm8k(tmp_path)
    out = tmp_path / "out"
    first = fetch_one(root, out, limit=7)
    assert (first.entry.state, first.entry.rows) == (State.LIMITED, 7)
    assert fetch_one(root, out, limit=7).new_rows == 0
    assert fetch_one(root, out, limit=25).new_rows == 18
    assert fetch_one(root, out, limit=40).entry.state is State.LIMITED
    lifted = fetch_one(root, out)
    assert (lifted.entry.state, lifted.new_rows) == (State.WHOLE, 0)
    assert lifted.path.read_bytes() == fetch_one(root, tmp_path / "whole").path.read_bytes()


def test_a_split_that_is_whole_is_not_opened_again(tmp_path: Path) -> None:
    """Stopped in the second split: the first one's rows are neither read nor counted again."""
    root, out = write_gsm8k(tmp_path), tmp_path / "out"
    options = FetchOptions(splits=("test", "train"))
    with pytest.raises(KeyboardInterrupt):
        fetch(["gsm8k"], out=out, from_dir=root, options=options, progress=Recorded(2))
    assert read_ledger(out)["gsm8k"].parts == {"test": 3, "train": 40}
    done = fetch_one(root, out, splits=("test", "train"))
    whole = fetch_one(root, tmp_path / "whole", splits=("test", "train"))
    assert (done.new_rows, digest_file(done.path)) == (0, digest_file(whole.path))


def test_a_limit_that_an_interrupted_fetch_has_reached_ends_it(tmp_path: Path) -> None:
    """Seven rows are there and seven are wanted: nothing is read."""
    root = write_gsm8k(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fetch(
            ["gsm8k"],
            out=tmp_path / "out",
            from_dir=root,
            options=FetchOptions(limit=7),
            progress=Recorded(1),
        )
    done = fetch_one(root, tmp_path / "out", limit=7)
    assert (done.entry.rows, done.new_rows, done.entry.state) == (7, 0, State.LIMITED)


def test_again_drops_what_was_there(tmp_path: Path) -> None:
    """Other rows, other splits: the file and its entry are made anew."""
    root = write_gsm8k(tmp_path)
    fetch_one(root, tmp_path / "out")
    done = fetch_one(root, tmp_path / "out", splits=("test",), again=True)
    assert (done.entry.parts, done.new_rows) == ({"test": 3}, 3)
    assert done.path.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"splits": ("test",)},
            "gsm8k from the same splits is needed to go on; got train there, test asked for",
        ),
        ({"limit": 39}, "at most 39 rows of gsm8k are asked for; got 40 there"),
    ],
)
def test_a_set_from_other_splits_or_with_more_rows_is_not_mixed(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """A file never holds rows that the command does not name."""
    root = write_gsm8k(tmp_path)
    fetch_one(root, tmp_path / "out")
    with pytest.raises(RunMismatchError) as caught:
        fetch_one(root, tmp_path / "out", **change)
    path = tmp_path / "out" / "gsm8k.jsonl"
    hint = "--again fetches it anew, another --out keeps both"
    assert str(caught.value) == f"{path}: {message}. Try: {hint}"


def test_hub_and_folder_are_not_mixed_and_revisions_are_not(tmp_path: Path) -> None:
    """What began in a folder does not continue on the hub, nor under another revision."""
    root = write_gsm8k(tmp_path)
    fetch_one(root, tmp_path / "out")
    with pytest.raises(RunMismatchError, match="same origin is needed to go on; got folder there"):
        fetch(["gsm8k"], out=tmp_path / "out")
    with pytest.raises(RunMismatchError, match="same revision is needed to go on; got  there, v2"):
        fetch(["gsm8k@v2"], out=tmp_path / "out", from_dir=root)


def test_files_that_changed_do_not_continue_a_fetch(tmp_path: Path) -> None:
    """Half from one file and half from another would be nobody's set."""
    root = write_gsm8k(tmp_path)
    fetch_one(root, tmp_path / "out", limit=5)
    write_gsm8k(tmp_path, 38)
    with pytest.raises(RunMismatchError, match="the files that the fetch of gsm8k began with"):
        fetch_one(root, tmp_path / "out")


def test_a_file_that_was_changed_is_noticed(tmp_path: Path) -> None:
    """A whole set is compared with its digest, a part with the digest of its beginning."""
    root = write_gsm8k(tmp_path)
    whole = fetch_one(root, tmp_path / "whole")
    whole.path.write_bytes(whole.path.read_bytes().replace(b"What", b"That", 1))
    with pytest.raises(CorruptFileError) as caught:
        fetch_one(root, tmp_path / "whole")
    assert str(caught.value) == (
        f"{whole.path}: the file as it was written (SHA-256 {whole.entry.digest[:12]}...) is "
        f"needed; got {digest_file(whole.path)[:12]}. Try: --again fetches the set anew"
    )
    whole.path.unlink()
    with pytest.raises(CorruptFileError, match="got no file"):
        fetch_one(root, tmp_path / "whole")
    part = fetch_one(root, tmp_path / "part", limit=5)
    part.path.write_bytes(part.path.read_bytes()[:20])
    with pytest.raises(CorruptFileError) as caught:
        fetch_one(root, tmp_path / "part")
    assert str(caught.value) == (
        f"{part.path}: the first {part.entry.size_bytes} bytes as they were written are needed; "
        "got other ones. Try: --again fetches the set anew"
    )


def test_a_file_of_another_origin_is_not_overwritten(tmp_path: Path) -> None:
    """A gsm8k.jsonl that no ledger knows belongs to somebody; --again takes it."""
    root = write_gsm8k(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "gsm8k.jsonl").write_text("mine\n")
    with pytest.raises(InputError) as caught:
        fetch_one(root, out)
    assert str(caught.value) == (
        f"{out / 'gsm8k.jsonl'}: a folder without a gsm8k.jsonl of another origin is needed; got "
        "one that underdog data fetch did not write. Try: another --out, or --again to replace it"
    )
    assert (out / "gsm8k.jsonl").read_text() == "mine\n"
    assert fetch_one(root, out, again=True).entry.rows == 40


def test_a_ledger_of_something_else_is_named(tmp_path: Path) -> None:
    """A broken file, and JSON that is no ledger."""
    root = write_gsm8k(tmp_path)
    for text in ("{", "[]", '{"sources": {"gsm8k": {"rows": 3}}}'):
        (tmp_path / LEDGER_NAME).write_text(text)
        with pytest.raises(CorruptFileError, match=LEDGER_NAME):
            fetch_one(root, tmp_path)


def test_what_does_not_fit_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is looked at first; a limit needs less, a set that is there needs nothing."""
    root = write_gsm8k(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=64_500_000))
    out = tmp_path / "out"
    with pytest.raises(DiskFullError) as caught:
        fetch_one(root, out)
    assert str(caught.value) == (
        f"{out}: room for about 70 MB is needed; got 64 MB free. Try: free some space, fewer sets, "
        "--limit N, or another --out (and HF_HOME for the cache)"
    )
    assert read_ledger(out) == {}
    assert fetch_one(root, out, limit=40).entry.rows == 40
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    assert fetch_one(root, out, limit=40).new_rows == 0


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """Two fetches into one folder would tear each other's files."""
    root = write_gsm8k(tmp_path)
    with locked(tmp_path / "out"), pytest.raises(RunError, match="held by process"):
        fetch_one(root, tmp_path / "out")


def test_an_empty_split_is_an_error(tmp_path: Path) -> None:
    """A file without rows is no set."""
    root = write_gsm8k(tmp_path, rows=4, test_rows=0)
    with pytest.raises(SourceError) as caught:
        fetch_one(root, tmp_path / "out", splits=("test",))
    assert str(caught.value) == "gsm8k: rows in test are needed; got none"


def test_a_damaged_file_is_named_and_what_came_before_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first file is whole, the second is no JSON: one error, and the first 1,000 rows stay."""
    root = write_gsm8k(tmp_path, 2200)
    (root / "gsm8k" / "main" / "train-00001-of-00002.jsonl").write_text("{broken\n")
    with pytest.raises(SourceError) as caught:
        fetch_one(root, tmp_path / "out")
    assert capsys.readouterr() == ("", "")
    message = str(caught.value)
    assert message.startswith(
        f"gsm8k, train from {root / 'gsm8k' / 'main'}: a set that can be read is needed; got "
    )
    assert message.endswith("Try: copy its files again, or fetch it with --again")
    assert read_ledger(tmp_path / "out")["gsm8k"].rows == 1000


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Before anything is made."""
    with pytest.raises(SourceError) as caught:
        fetch_one(tmp_path / "none", tmp_path / "out")
    assert str(caught.value) == (
        f"{tmp_path / 'none'}: a folder with the hub's files is needed; got none"
    )
    assert not (tmp_path / "out").exists()


def test_options_are_checked() -> None:
    """A limit of no rows is no limit."""
    with pytest.raises(InputError) as caught:
        FetchOptions(limit=0)
    assert str(caught.value) == "a limit of at least 1 row is needed; got 0"


def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of use, with the line that installs it."""
    monkeypatch.setitem(sys.modules, "datasets", None)
    message = (
        "fetching sets by name needs packages that are not installed. "
        'Try: pip install "underdog[hub]"'
    )
    with pytest.raises(MissingExtraError) as caught:
        fetch_one(write_gsm8k(tmp_path), tmp_path / "out")
    assert str(caught.value) == message
    with pytest.raises(MissingExtraError) as caught:
        cache_places()
    assert str(caught.value) == message


def test_the_library_gets_its_settings_back(tmp_path: Path) -> None:
    """Verbosity, progress bars, retries and torch are as before, also after an error."""
    import datasets
    from huggingface_hub.utils import logging as hub_logging

    def settings_now() -> tuple[object, ...]:
        return (
            datasets.logging.get_verbosity(),
            hub_logging.get_verbosity(),
            datasets.are_progress_bars_disabled(),
            datasets.config.STREAMING_READ_MAX_RETRIES,
            datasets.config.TORCH_AVAILABLE,
        )

    before = settings_now()
    fetch_one(write_gsm8k(tmp_path), tmp_path / "out")
    with pytest.raises(SourceError):
        fetch(["sciq"], out=tmp_path / "out", from_dir=tmp_path)
    assert settings_now() == before


def test_origins_have_names() -> None:
    """They stand in the ledger."""
    assert [each.value for each in Origin] == ["hub", "folder"]
