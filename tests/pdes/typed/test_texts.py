"""What is typed for several fields, and for parts of a boundary."""

import pytest

from pinn.pdes.typed.texts import all_texts, by_part, entries_of, refuse_unused

FIELDS = ("u", "v")


def test_entries_by_place_and_by_name() -> None:
    assert entries_of("initial", ["1", None], FIELDS, free=True) == {0: "1"}
    assert entries_of("initial", {"v": 2.0}, FIELDS, free=True) == {1: 2.0}
    assert entries_of("initial", "x", ("u",)) == {0: "x"}
    with pytest.raises(ValueError, match="for 2 fields"):
        entries_of("initial", "x", FIELDS)
    with pytest.raises(ValueError, match="speaks of 'w', which is no field; they are u, v"):
        entries_of("initial", {"w": "x"}, FIELDS)


def test_parts_and_fields_are_told_apart() -> None:
    assert by_part("0", FIELDS, ("left",)) == {None: "0"}
    assert by_part({"u": "0"}, FIELDS, ("left",)) == {None: {"u": "0"}}
    assert by_part({"left": {"u": "0"}}, FIELDS, ("left",)) == {"left": {"u": "0"}}
    assert by_part({"u": "0"}, FIELDS, ("u",)) == {"u": "0"}


def test_all_texts_are_found_at_any_depth() -> None:
    assert [*all_texts(["a", None, {"left": ["b", 1.0], "right": {"u": "c"}}])] == ["a", "b", "c"]
    refuse_unused(["k"], [{"left": "2*k"}])
    with pytest.raises(ValueError, match=r"No formula uses pde\.coefficients\.k"):
        refuse_unused(["k"], ["kk*x"])
