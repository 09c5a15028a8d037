"""Tables in Markdown."""

from pinn.runs.markdown import markdown


def test_markdown() -> None:
    table = markdown(["a", "long"], [[100, "x"]])
    assert table.splitlines() == ["|   a | long |", "| --: | ---: |", "| 100 |    x |"]
