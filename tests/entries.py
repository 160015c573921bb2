"""Entries of contestants as folders of plain Python: a good one, and good ones with one change."""

from __future__ import annotations

from pathlib import Path

QUESTION_AGENT = '''
import argparse, json, random
from pathlib import Path

WORDS = ["cedar", "maple", "birch", "aspen", "hazel", "larch", "rowan", "alder"]


def make(topic, number, seed):
    """A sum in words; the key stands at a place that the number decides."""
    left, right = 10 + number, 3 + 2 * number
    total = left + right
    texts = [str(total + each) for each in (1, 2, 10)]
    place = (number * 7 + number // 4) % 4
    texts.insert(place, str(total))
    return {
        "topic": topic,
        "question": f"A {WORDS[number % 8]} grove has {left} old trees and {right} young ones. "
        "How many in all?",
        "choices": [f"{letter}) {text}" for letter, text in zip("ABCD", texts)],
        "answer": "ABCD"[place],
        "explanation": f"{left} and {right} make {total}.",
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--num_questions", type=int, default=10)
    parser.add_argument("--output_file", default="outputs/questions.json")
    parser.add_argument("--batch_size", type=int, default=5)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    tree = json.loads(Path("assets/topics.json").read_text("utf-8"))
    topics = [topic for subtopics in tree.values() for topic in subtopics]
    made = [make(topics[n % len(topics)], n, 0) for n in range(args.num_questions)]
    #CHANGE
    raw = [json.dumps(each) for each in made]
    output = Path(args.output_file)
    output.parent.mkdir(exist_ok=True)
    output.write_text(json.dumps(raw), "utf-8")
    filtered = output.with_name(output.name.replace("questions.json", "filtered_questions.json"))
    filtered.write_text(json.dumps(made), "utf-8")


if __name__ == "__main__":
    main()
'''

ANSWER_AGENT = (
    '''
import argparse, json, re
from pathlib import Path


def solve(question):
    """Adds the numbers of a text; where that is no choice, the choice with most letters."""
    total = str(sum(map(int, re.findall(r"\\\\b\\\\d{1,9}\\\\b", question["question"]))))
    bare = [choice[3:] for choice in question["choices"]]
    place = bare.index(total) if total in bare else max(range(4), key=lambda n: (len(bare[n]), -n))
    return {"answer": "ABCD"[place], "reasoning": "The numbers were added."}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input_file", default="outputs/filtered_questions.json")
    parser.add_argument("--output_file", default="outputs/answers.json")
    parser.add_argument("--batch_size", type=int, default=5)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    questions = json.loads(Path(args.input_file).read_text("utf-8"))
    answers = [solve(question) for question in questions]
    #CHANGE
    output = Path(args.output_file)
    output.parent.mkdir(exist_ok=True)
    output.write_text(json.dumps([json.dumps(each) for each in answers]), "utf-8")
    filtered = output.with_name(output.name.replace("answers.json", "filtered_answers.json"))
    filtered.write_text(json.dumps(answers), "utf-8")


if __name__ == "__main__":
    main()
'''.replace("\\\\\\\\", "\\\\")
    .replace("\\\\b", "\\b")
    .replace("\\\\d", "\\d")
)


def entry(
    folder: Path,
    *,
    asking: str = "pass",
    answering: str = "pass",
    swap_asking: tuple[str, str] = ("", ""),
    swap_answering: tuple[str, str] = ("", ""),
) -> Path:
    """A good entry, with statements put in before it writes, and one piece of text exchanged."""
    agents = folder / "agents"
    agents.mkdir(parents=True)
    for name, source, change, swap in (
        ("question_agent", QUESTION_AGENT, asking, swap_asking),
        ("answer_agent", ANSWER_AGENT, answering, swap_answering),
    ):
        assert swap[0] in source, swap[0]
        text = source.replace(*swap) if swap[0] else source
        lines = change.strip("\n").splitlines()
        text = text.replace("#CHANGE", "\n    ".join(lines))
        (agents / f"{name}.py").write_text(text.lstrip("\n"), "utf-8")
    return folder
