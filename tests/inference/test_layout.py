"""Rows and batches."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.inference.layout import Job, Layout, Row, Target, batches, lay_out
from underdog.mcq.encode import EncodedPrompt

ids = st.lists(st.integers(0, 9), min_size=1, max_size=6).map(tuple)
prompts = st.builds(EncodedPrompt, ids, st.lists(ids, min_size=2, max_size=5).map(tuple))


def test_the_drawn_row_is_the_real_one() -> None:
    """The example of the module's docstring, number by number."""
    encoded = EncodedPrompt((10, 11, 12), ((1, 2, 3), (4, 5), (6,)))
    (row,) = lay_out(0, encoded, Layout.SHARED).rows
    assert row == Row(
        tokens=(10, 11, 12, 1, 2, 4),
        positions=(0, 1, 2, 3, 4, 3),
        branches=(0, 0, 0, 1, 1, 2),
        targets=(
            Target(2, 1, 0),
            Target(3, 2, 0),
            Target(4, 3, 0),
            Target(2, 4, 1),
            Target(5, 5, 1),
            Target(2, 6, 2),
        ),
    )


def test_letters_of_one_token_cost_one_position_and_no_branch() -> None:
    """Four letters are predicted at the last place of the prefix."""
    job = lay_out(0, EncodedPrompt((7, 8), ((1,), (2,), (3,), (4,))), Layout.SHARED)
    assert job.rows[0].tokens == (7, 8)
    assert not job.rows[0].branched
    assert job.predicted == 1


def seen_before(row: Row, place: int) -> list[int]:
    """The tokens that the output at `place` depends on, by the rule of branches."""
    own = row.branches[place]
    places = [p for p in range(place + 1) if row.branches[p] in (0, own)]
    assert [row.positions[p] for p in places] == list(range(len(places)))
    return [row.tokens[p] for p in places]


@given(prompts, st.sampled_from(Layout))
def test_every_token_is_predicted_from_all_before_it_and_nothing_else(
    encoded: EncodedPrompt, layout: Layout
) -> None:
    """Both layouts ask the same: each choice's token after the prefix and its earlier tokens."""
    job = lay_out(0, encoded, layout)
    found: dict[int, list[tuple[list[int], int]]] = {n: [] for n in range(job.choices)}
    for row in job.rows:
        for target in row.targets:
            found[target.choice].append((seen_before(row, target.place), target.token))
    for choice, completion in enumerate(encoded.completion_ids):
        wanted = [
            ([*encoded.prefix_ids, *completion[:n]], token) for n, token in enumerate(completion)
        ]
        assert found[choice] == wanted


@given(prompts)
def test_the_shared_layout_is_never_longer(encoded: EncodedPrompt) -> None:
    """One prefix instead of one per choice."""
    shared, separate = (lay_out(0, encoded, layout) for layout in Layout)
    total = sum(len(row.tokens) for row in separate.rows)
    saved = (len(encoded.completion_ids) - 1) * len(encoded.prefix_ids)
    assert sum(len(row.tokens) for row in shared.rows) == total - saved


@pytest.mark.parametrize(
    "encoded", [EncodedPrompt((), ((1,), (2,))), EncodedPrompt((1,), ((1,), ()))]
)
def test_text_without_a_token_is_refused(encoded: EncodedPrompt) -> None:
    """A tokenizer that drops a choice would make it certain; that is an error."""
    with pytest.raises(InputError, match="at least one token each"):
        lay_out(0, encoded, Layout.SHARED)


jobs_of = st.lists(prompts, max_size=12).map(
    lambda given: [lay_out(n, each, Layout.SHARED) for n, each in enumerate(given)]
)


@given(jobs_of, st.integers(1, 120), st.integers(1, 20))
def test_batches_hold_every_job_once_within_the_limits(
    jobs: list[Job], max_tokens: int, max_predicted: int
) -> None:
    """Longest first; only a job that is too large alone exceeds a limit."""
    done = batches(jobs, max_tokens=max_tokens, max_predicted=max_predicted)
    assert sorted(job.index for batch in done for job in batch) == list(range(len(jobs)))
    lengths = [job.length for batch in done for job in batch]
    assert lengths == sorted(lengths, reverse=True)
    for batch in done:
        cost = sum(len(job.rows) for job in batch) * batch[0].length
        predicted = sum(job.predicted for job in batch)
        assert len(batch) == 1 or (cost <= max_tokens and predicted <= max_predicted)


@given(jobs_of, st.randoms())
def test_batches_do_not_depend_on_the_order_of_arrival(jobs: list[Job], dice: object) -> None:
    """Whoever repeats the work with the same questions gets the same batches."""
    limits = {"max_tokens": 60, "max_predicted": 12}
    assert batches(jobs[::-1], **limits) == batches(jobs, **limits)


@settings(max_examples=40)
@given(jobs_of.filter(lambda jobs: 0 < len(jobs) < 7), st.integers(1, 200), st.integers(1, 20))
def test_no_other_cut_has_fewer_tokens(
    jobs: list[Job], max_tokens: int, max_predicted: int
) -> None:
    """Against every way to cut the sorted jobs: padded tokens, and a sixteenth of the limit per
    batch.
    """

    def cost(batch: tuple[Job, ...]) -> float:
        tokens = sum(len(job.rows) for job in batch) * max(job.length for job in batch)
        predicted = sum(job.predicted for job in batch)
        allowed = len(batch) == 1 or (tokens <= max_tokens and predicted <= max_predicted)
        return tokens + max_tokens / 16 if allowed else float("inf")

    done = batches(jobs, max_tokens=max_tokens, max_predicted=max_predicted)
    ordered, costs = tuple(job for batch in done for job in batch), []
    for borders in itertools.product((False, True), repeat=len(ordered) - 1):
        cuts = [0, *(n + 1 for n, cut in enumerate(borders) if cut), len(ordered)]
        costs.append(sum(cost(ordered[a:b]) for a, b in itertools.pairwise(cuts)))
    assert sum(map(cost, done)) == pytest.approx(min(costs))


def test_one_long_prompt_does_not_pad_the_short_ones() -> None:
    """200 tokens beside twice 40: 280 in two batches, where one would have 600."""
    lengths = (40, 200, 40)
    jobs = [
        lay_out(n, EncodedPrompt(tuple(range(size)), ((1,), (2,))), Layout.SHARED)
        for n, size in enumerate(lengths)
    ]
    done = batches(jobs, max_tokens=1024, max_predicted=512)
    assert [[job.index for job in batch] for batch in done] == [[1], [0, 2]]
