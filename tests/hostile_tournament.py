"""One round robin of honest and hostile entrants, and what is left of the machine afterwards."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from entries import entry
from fakes import numbered_questions
from hostile_entries import FOLDERS, marks_left, write_folders
from hostile_servers import FAULT_OF, WRONG, serving
from underdog.agents.bank_asker import BankAsker
from underdog.agents.baseline import LongestAnswerer, RandomAnswerer
from underdog.protocol.editions import EDITIONS
from underdog.protocol.player import Entrant, PlayerFaultKind
from underdog.tournament.entrants.folder import folder_entrant
from underdog.tournament.entrants.isolation import Limits, strongest
from underdog.tournament.entrants.url import url_entrant
from underdog.tournament.entrants.workplace import digest_entry
from underdog.tournament.formats.schedule import FormatConfig
from underdog.tournament.league import League, TournamentConfig
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.record import Record
from underdog.tournament.rules import Rules

QUESTIONS = 4
TOPICS = ("arts", "elements", "geography")
MB = 1_000_000
LIMITS = Limits(
    memory_bytes=300 * MB, file_bytes=32 * MB, disk_bytes=64 * MB, output_limit_bytes=16 * MB
)
SERVER_S = 30.0
"""What a server has for an item unless it is to be late."""
SECRET = "SECRET_OF_THE_RUNNER"


@dataclass(frozen=True)
class Outcome:
    """What was seen. Each list is empty where all is well."""

    seconds: float
    games: int
    finished: bool
    misnamed: list[str]
    """Entrants whose faults are not those of their behaviour."""
    changed: list[str]
    """Games among honest entrants that are not what they are without the others."""
    leftovers: list[str]
    """Processes and folders that an entrant left behind."""
    touched: list[str]
    """What was written or changed outside of a work folder."""


def play_hostile(
    folders: Sequence[str], servers: Sequence[str], scratch: Path, *, item_s: float
) -> Outcome:
    """Four honest entrants against these. `item_s`: what each may take for one item."""
    home, store, temporary = (scratch / name for name in ("home", "store", "tmp"))
    for folder in (home, store, temporary):
        folder.mkdir()
    with _runner(temporary, home), ExitStack() as servers_up:
        urls = {name: servers_up.enter_context(serving(WRONG[name][0])) for name in servers}
        port = int((urls or {"": "http://x:9"})[next(iter(urls), "")].rpartition(":")[2])
        made = write_folders(list(folders), scratch / "entries", store=store, port=port, home=home)
        before = {name: digest_entry(path) for name, path in made.items()}
        edition = replace(EDITIONS["2026-02"], question_s=item_s, answer_s=item_s)
        honest = _honest(scratch, edition, store)
        strangers = [
            replace(
                folder_entrant(path, edition=edition, hidden=(store,), limits=LIMITS), name=name
            )
            for name, path in made.items()
        ]
        for name in servers:
            # Only those that drip are to be late, however busy the machine.
            late = WRONG[name][1] is PlayerFaultKind.LATE
            within_s = 1.0 if late else SERVER_S
            web = replace(edition, question_s=within_s, answer_s=within_s)
            strangers.append(replace(url_entrant(urls[name], edition=web), name=name))
        apart = _play(honest, scratch / "apart")
        started = time.monotonic()
        record = _play([*honest, *strangers], store)
        seconds = time.monotonic() - started
        after = {name: digest_entry(path) for name, path in made.items()}
        left = [*_processes(scratch), *(str(path) for path in temporary.iterdir())]
    touched = [name for name in made if before[name] != after[name]]
    touched += marks_left(home, scratch, *made.values())
    touched += [str(p) for p in store.iterdir() if not p.name.startswith(LEDGER_NAME)]
    touched += [str(path) for path in home.iterdir()]
    return Outcome(
        seconds,
        len(record.results),
        record.ended,
        _misnamed(record, folders, servers, [each.name for each in honest]),
        _changed(record, apart),
        left,
        sorted(set(touched)),
    )


@contextmanager
def _runner(temporary: Path, home: Path) -> Iterator[None]:
    """A home, a place for temporary files and a secret of the runner's own."""
    kept, given = tempfile.tempdir, {"HOME": str(home), "TMPDIR": str(temporary), SECRET: "x"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    tempfile.tempdir = str(temporary)
    try:
        yield
    finally:
        tempfile.tempdir = kept
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _honest(scratch: Path, edition: object, store: Path) -> list[Entrant]:
    bank = BankAsker(numbered_questions(60))
    guess = "for each in answers: each['answer'] = 'B'"
    adders = entry(scratch / "entries" / "adders")
    guessers = entry(scratch / "entries" / "guessers", answering=guess)
    return [
        Entrant("longest", bank, LongestAnswerer(), {"honest": 1}),
        Entrant("random", bank, RandomAnswerer(5), {"honest": 2}),
        *(
            folder_entrant(path, edition=edition, hidden=(store,), limits=LIMITS)  # type: ignore[arg-type]
            for path in (adders, guessers)
        ),
    ]


def _play(entrants: Sequence[Entrant], store: Path) -> Record:
    rules = Rules(TOPICS, questions=QUESTIONS, per_call=QUESTIONS, seed=3)
    with Ledger(store / LEDGER_NAME, create=True) as ledger:
        config = TournamentConfig(rules, FormatConfig(double=False))
        record = League(config, entrants, ledger).run()
        ledger.check()
    return record


def _misnamed(
    record: Record, folders: Sequence[str], servers: Sequence[str], honest: Sequence[str]
) -> list[str]:
    wanted = {name: set[str]() for name in honest}
    for name in folders:
        behaviour = FOLDERS[name]
        wanted[name] = set(behaviour.faults) | ({"forfeit"} if behaviour.silent else set())
    for name in servers:
        question, answer = FAULT_OF[WRONG[name][1]]
        wanted[name] = {question, answer} | (set() if "format" in question else {"forfeit"})
    found = {name: {kind for team, kind in record.faults if team == name} for name in wanted}
    return [f"{n}: {found[n]} instead of {wanted[n]}" for n in wanted if found[n] != wanted[n]]


def _changed(record: Record, apart: Record) -> list[str]:
    def sides(of: Record) -> dict[tuple[int, str, str], object]:
        """By draw: which of two teams asks first may change with who else plays."""
        return {
            (result.fixture.draw, name, rival): replace(result.side(name), answer_s=0.0)
            for result in of.results.values()
            for name, rival in (result.fixture.names, result.fixture.names[::-1])
        }

    now, then = sides(record), sides(apart)
    return [f"{key}: {now[key]} instead of {then[key]}" for key in then if now[key] != then[key]]


def _processes(scratch: Path) -> list[str]:
    """What still runs in the scratch folder, or was given a home in it; not this process."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        if int(path.name) == os.getpid():
            continue
        with suppress(OSError):
            inside = (path / "cwd").readlink().is_relative_to(scratch)
            homed = f"HOME={scratch}".encode() in (path / "environ").read_bytes()
            if inside or homed:
                found.append(f"process {path.name}")
    return found


def isolated() -> bool:
    """Whether this machine keeps dangerous behaviours from its runner."""
    return strongest().value == "namespaces"
