"""Write what is generated: the file tree, the help texts, the table of the bank's sources.

python tools/docs.py           # rewrite
python tools/docs.py --check   # exit 1 when something is out of date
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from underdog.cli.main import COMMANDS, build_parser
from underdog.data.bank.facts import load_facts

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "underdog"
OPEN, CLOSE = "<!-- generated: {} -->\n", "<!-- end: {} -->"


def tree() -> str:
    """One line per module: its path and the first sentence of its docstring."""
    return "\n".join(["```text", *_tree_lines(PACKAGE, ""), "```", ""])


def _tree_lines(folder: Path, indent: str) -> Iterator[str]:
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if path.name.startswith(("_", ".")) and path.name != "__main__.py":
            continue
        if path.is_dir():
            package = path / "__init__.py"
            yield f"{indent}{path.name}/".ljust(34) + (
                first_line(package) if package.exists() else ""
            )
            yield from _tree_lines(path, indent + "  ")
        elif path.suffix == ".py":
            yield f"{indent}{path.name}".ljust(34) + first_line(path)


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".")


def help_texts() -> str:
    """What every command prints with --help."""
    return "\n".join(_help_sections())


def _help_sections() -> Iterator[str]:
    for name in COMMANDS:
        parser = build_parser(name)
        choices = next(
            a for a in parser._actions if isinstance(a, argparse._SubParsersAction)
        ).choices
        yield from _section(choices[name])


def _section(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `{parser.prog}`\n\n```text\n{parser.format_help()}```\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _section(child)


def sources() -> str:
    """A table of the bank's sources."""
    counts = Counter((fact.source, fact.licence) for fact in load_facts())
    rows = [f"| {source} | {licence} | {n} |" for (source, licence), n in sorted(counts.items())]
    return "\n".join(["| source | licence | facts |", "|---|---|---|", *rows, ""])


GENERATED = {
    ("docs/map.md", "tree"): tree,
    ("docs/cli.md", "help"): help_texts,
    ("src/underdog/data/bank/NOTICE.md", "sources"): sources,
}


def replaced(text: str, name: str, content: str) -> str:
    """`text` with what stands between the two marks of `name` replaced."""
    begin, end = OPEN.format(name), CLOSE.format(name)
    if begin not in text or end not in text:
        sys.exit(f"the marks of {name!r} are missing")
    head, rest = text.split(begin, 1)
    return head + begin + content + end + rest.split(end, 1)[1]


def main() -> None:
    os.environ["COLUMNS"] = "100"  # argparse wraps to the terminal's width
    check = "--check" in sys.argv[1:]
    stale = []
    for (name, mark), make in GENERATED.items():
        path = ROOT / name
        old = path.read_text(encoding="utf-8")
        new = replaced(old, mark, make())
        if new != old:
            stale.append(name)
            if not check:
                path.write_text(new, encoding="utf-8")
    if check and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run: make docs")


if __name__ == "__main__":
    main()
