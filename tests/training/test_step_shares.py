"""How a step's rows are divided over processes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underdog.training.batches import Example
from underdog.training.step import share_of

EXAMPLES = st.lists(st.integers(1, 5), min_size=1, max_size=40).map(
    lambda sizes: [Example(tuple(range(size + 2)), 2) for size in sizes]
)


@given(examples=EXAMPLES, parts=st.integers(1, 50), count=st.integers(1, 9))
def test_every_row_is_in_one_share_and_in_order(
    examples: list[Example], parts: int, count: int
) -> None:
    """No row is lost or done twice, no part is empty, all shares know the whole step's tokens, and
    no process has two parts more than another.
    """
    shares = [share_of(examples, parts=parts, rank=rank, count=count) for rank in range(count)]
    assert [each for share in shares for part in share.parts for each in part] == examples
    assert all(len(part) for share in shares for part in share.parts)
    assert max(len(s.parts) for s in shares) - min(len(s.parts) for s in shares) <= 1
    answers = sum(len(each.token_ids) - each.answer_start for each in examples)
    assert {share.answer_tokens for share in shares} == {answers}


@given(examples=EXAMPLES, count=st.integers(1, 9))
def test_no_process_idles_while_another_has_two_passes(examples: list[Example], count: int) -> None:
    """Without accumulation each has at most one pass, of at most its even share rounded up."""
    shares = [share_of(examples, parts=1, rank=rank, count=count) for rank in range(count)]
    largest = max(len(part) for share in shares for part in share.parts)
    assert largest == -(-len(examples) // count)
    assert all(len(share.parts) <= 1 for share in shares)
