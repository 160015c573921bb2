"""What commands print while they work."""

from __future__ import annotations

import pytest

from underdog.cli.console import ProgressBar


def test_a_finished_task_leaves_one_line_with_its_last_note(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Off a terminal nothing moves; the line names the task and the last note."""
    with ProgressBar() as bar:
        bar.begin("training", 3)
        bar.advance(2, "loss 0.5")
        bar.advance()
        bar.end()
        bar.end()
    assert capsys.readouterr().err == "done training: loss 0.5\n"


def test_an_unfinished_task_says_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    """A stopped task is not called done."""
    with ProgressBar() as bar:
        bar.begin("training", 3)
        bar.advance(2)
        bar.end()
        bar.advance()
    assert capsys.readouterr().err == "at 2/3 training\n"


def test_a_task_of_unknown_length_is_done_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a total there is nothing to fall short of; sentences stand on their own lines."""
    with ProgressBar() as bar:
        bar.begin("reading", None)
        bar.say("a [bracket] is text")
        bar.end()
    assert capsys.readouterr().err == "a [bracket] is text\ndone reading\n"
