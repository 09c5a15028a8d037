"""Points in blocks and chunks: each once, with its data, and sums that miss none."""

from collections.abc import Mapping

import torch
from torch import Tensor

from pinn.domains import Box
from pinn.objective.blocks import Blocks, joined, sum_by_name
from pinn.objective.loss import Sample
from pinn.parallel import Ranks
from pinn.pdes import Condition
from pinn.pdes.condition import interior

X = torch.arange(10, dtype=torch.float64)[:, None]


def condition(name: str) -> Condition:
    plain = interior(Box((0.0,), (9.0,)), lambda u, x, f, strategy: u(x) - f, source=lambda x: 2 * x[0])
    return Condition(name, plain.region, plain.residual, given=plain.given)


CONDITIONS = [condition("many"), condition("few")]
SAMPLES = {"many": (X,), "few": (X[:2],)}


def sums(data: Mapping[str, Sample]) -> dict[str, Tensor]:
    return {name: (sample[0].sum() + sample[1].sum()) for name, sample in data.items()}


def test_one_block_holds_all_points_with_their_data() -> None:
    blocks = Blocks.of(CONDITIONS, SAMPLES, Ranks(), None)
    assert blocks.points == {"many": 10, "few": 2}
    ((data,),) = blocks.each(lambda data: data)
    assert torch.equal(data["many"][1], 2 * X[:, 0])
    assert blocks.total([sums(data)]) == sums(data)


def test_a_chunk_has_points_of_one_condition() -> None:
    blocks = Blocks.of(CONDITIONS, SAMPLES, Ranks(), 4)
    ((*chunks,),) = blocks.each(lambda data: {name: len(sample[0]) for name, sample in data.items()})
    assert chunks == [{"many": 4}, {"many": 4}, {"many": 2}, {"few": 2}]


def test_sums_over_blocks_and_chunks_are_those_of_the_whole() -> None:
    expected = sums(Blocks.of(CONDITIONS, SAMPLES, Ranks(), None).parts[0])
    for size in (None, 1, 3):
        blocks = Blocks.of(CONDITIONS, SAMPLES, Ranks(blocks=4), size)
        assert [set(part) for part in blocks.parts] == [{"many", "few"}, {"many", "few"}, {"many"}, {"many"}]
        total = blocks.total([blocks.complete(sum_by_name(parts)) for parts in blocks.each(sums)])
        assert total == expected


def test_nested_containers_are_summed_leaf_by_leaf() -> None:
    blocks = Blocks.of(CONDITIONS, SAMPLES, Ranks(blocks=4), None)
    values = [({"a": torch.full((2,), float(k))}, [torch.tensor(1.0)]) for k in range(4)]
    first, (second,) = blocks.total(values)
    assert torch.equal(first["a"], torch.full((2,), 6.0))
    assert second == 4


def test_weights_end_a_sample_and_replace_those_before() -> None:
    blocks = Blocks.of(CONDITIONS, SAMPLES, Ranks(blocks=4), None)
    each = torch.arange(10, dtype=torch.float64)
    once = blocks.weighted({"many": each}, before=())
    again = once.weighted({"few": torch.tensor(4.0, dtype=torch.float64)}, before={"many"})
    for k in range(4):
        assert torch.equal(once.parts[k]["many"][2], each[k::4].sqrt())
        assert len(again.parts[k]["many"]) == 2
    assert torch.equal(again.parts[1]["few"][2], torch.full((1,), 2.0, dtype=torch.float64))


def test_the_first_point_of_a_condition() -> None:
    blocks = Blocks.of(CONDITIONS, SAMPLES, Ranks(1, 2, 4), None)  # blocks 1 and 3
    first = blocks.first("few")
    assert first is not None
    assert torch.equal(first[0], X[1:2])
    assert blocks.only("many").first("few") is None


def test_a_single_part_is_not_copied() -> None:
    assert joined([X]) is X
    assert torch.equal(joined([X, X]), torch.cat([X, X]))
