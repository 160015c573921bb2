"""How likely answers are as wrong choices."""

import numpy as np
import pytest
from made_up_questions import make_questions

from underdog.data.answers.kind import AnswerKind
from underdog.data.conversion.board import Board, lay_out, weigh_cell
from underdog.data.conversion.pool import Pool, PoolAnswer, gather
from underdog.data.engine.local import IN_PROCESS


def make_pool(count: int = 400) -> Pool:
    asked = [each for each in make_questions(count) if not each.answer.isdigit()]
    return gather([PoolAnswer(each.answer, each.text) for each in asked], engine=IN_PROCESS)


@pytest.fixture(scope="module", name="pool")
def fixture_pool() -> Pool:
    return make_pool()


@pytest.fixture(scope="module", name="board")
def fixture_board(pool: Pool) -> Board:
    return lay_out(pool, np.arange(len(pool.answers)), size=40, seed=1)


def test_every_chosen_answer_has_one_row(pool: Pool) -> None:
    """The rows of a board are the chosen ones, each once, in cells of one kind."""
    chosen = np.arange(0, len(pool.answers), 2)
    board = lay_out(pool, chosen, size=40, seed=1)
    assert sorted(board.rows.tolist()) == chosen.tolist()
    assert board.starts[0] == 0
    assert board.starts[-1] == len(chosen)
    for at in range(len(board.starts) - 1):
        assert len({pool.reads[row].kind for row in board.rows[board.cell(at)]}) == 1


def test_answers_are_wrong_as_often_as_their_usage_says(board: Board) -> None:
    """Over all questions of a cell, each answer is drawn in proportion to its own usage and not to
    what it shares with questions; each question draws the asked number.
    """
    for at in range(len(board.starts) - 1):
        cell = board.cell(at)
        weights = weigh_cell(board, at, np.arange(cell.start, cell.stop), others=3)
        assert weights.sum(axis=1) == pytest.approx(np.full(len(weights), 3.0))
        usage = board.usage[cell]
        uses = weights.sum(axis=0)
        assert np.corrcoef(uses, usage)[0, 1] > 0.98
        assert not np.diag(weights).any()


def test_shared_words_and_topics_weigh(pool: Pool) -> None:
    """An answer that shares a rare word with the question is likelier than it is elsewhere."""
    shared = PoolAnswer("Onhava Trubel", "Who wrote the novel The Tower of Zembla?")
    asked = PoolAnswer("Mirka Drasen", "Who wrote the novel The Trubel of Onhava?")
    known = [PoolAnswer(*pair) for pair in zip(pool.answers, pool.questions, strict=True)]
    wide = gather([*known, shared, asked], engine=IN_PROCESS)
    board = lay_out(wide, np.arange(len(wide.answers)), size=500, seed=1)
    rows = board.rows.tolist()
    wanted, other = (rows.index(wide.answers.index(each.answer)) for each in (asked, shared))
    at = int(np.searchsorted(board.starts, wanted, side="right")) - 1
    cell = board.cell(at)
    weights = weigh_cell(board, at, np.arange(cell.start, cell.stop), others=3)
    column = weights[:, other - cell.start]
    assert column[wanted - cell.start] > 5 * np.median(column)


def test_rows_in_another_order_give_the_same_weights(pool: Pool, board: Board) -> None:
    """A pool in another order gives each pair of answers the same weight, to the last digit."""
    known = [PoolAnswer(*pair) for pair in zip(pool.answers, pool.questions, strict=True)]
    turned_pool = gather(reversed(known), engine=IN_PROCESS)
    turned = lay_out(turned_pool, np.arange(len(known)), size=40, seed=1)
    names = [pool.answers[row] for row in board.rows]
    assert names == [turned_pool.answers[row] for row in turned.rows]
    rows = np.arange(board.cell(0).stop)
    assert np.array_equal(
        weigh_cell(board, 0, rows, others=3), weigh_cell(turned, 0, rows, others=3)
    )


def test_answers_without_likes_are_left_out() -> None:
    """Phrases that nothing relates are beside no question, and nothing is divided by zero."""
    phrases = ("toy", "milk", "fog", "smell", "cloth")
    pool = gather(
        [PoolAnswer(each, f"So {at}?") for at, each in enumerate(phrases)],
        engine=IN_PROCESS,
    )
    assert {read.kind for read in pool.reads} == {AnswerKind.PHRASE}
    board = lay_out(pool, np.arange(5), size=24, seed=1)
    weights = weigh_cell(board, 0, np.arange(5), others=3)
    assert not weights.any()


def test_answers_with_too_few_likes_draw_each_other_in() -> None:
    """Three phrases of one sort are too few for four choices: they are beside no question, though
    phrases of another sort in their cell are.
    """
    fish = ("carp", "pike", "tench", "roach", "bream", "perch", "eel", "cod", "ling", "hake")
    dogs = ("pug", "beagle", "boxer")
    asked = [PoolAnswer(each, f"Which fish lives in lake {at}?") for at, each in enumerate(fish)]
    asked += [PoolAnswer(each, f"Which dog barks at {at}?") for at, each in enumerate(dogs)]
    pool = gather(asked, engine=IN_PROCESS)
    board = lay_out(pool, np.arange(13), size=24, seed=1)
    (cells,) = board.starts[1:]
    assert cells == 13
    weights = weigh_cell(board, 0, np.arange(13), others=3)
    is_dog = np.isin(board.rows, np.arange(10, 13))
    assert not weights[is_dog].any()
    assert not weights[:, is_dog].any()
    assert (weights[~is_dog][:, ~is_dog] > 0).sum() == 10 * 9
