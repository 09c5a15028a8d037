"""A good run, and the ways in which its checkpoint may be damaged, as strategies of hypothesis."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st

from pinn import save_run, train
from pinn.networks import MLP
from pinn.optimizers import Adam
from pinn.pdes import Poisson
from pinn.runs.checksum import fingerprint

RESIGNED = "other content, checksum fitted"
"""The one damage that no checksum can tell."""

CONFIG = {
    "pde": {"_target_": "pinn.pdes.Poisson"},
    "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1},
    "vjp": {"_target_": "pinn.operators.Auto"},
}

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Damaged(NamedTuple):
    """What is left of a checkpoint; None if the file is missing."""

    kind: str
    content: bytes | None

    def __repr__(self) -> str:
        return f"{self.kind}: {'no file' if self.content is None else f'{len(self.content)} bytes'}"


def good_run(folder: Path) -> Path:
    """A run of one step."""
    network = MLP(2, width=6, depth=1, bounds=Poisson().domain.bounds).double()
    *_, step = train(Poisson(), network, Adam(steps=1), steps=1)
    save_run(folder, step, CONFIG)
    return folder


@st.composite
def damaged(draw: Draw, whole: bytes, mark: Path) -> Damaged:
    """A checkpoint with one kind of damage. Code that such a file runs makes the file `mark`."""
    kind = draw(st.sampled_from(list(_KINDS)))
    return Damaged(kind, _KINDS[kind](draw, whole, mark))


class _Malicious:
    """An object that runs a program if it is unpickled without care."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def _missing(draw: Draw, whole: bytes, mark: Path) -> None:
    return None


def _truncated(draw: Draw, whole: bytes, mark: Path) -> bytes:
    return whole[: draw(st.integers(0, len(whole) - 1))]


def _lengthened(draw: Draw, whole: bytes, mark: Path) -> bytes:
    more = draw(st.binary(min_size=1, max_size=100))
    return draw(st.sampled_from((whole + more, more + whole, whole + whole)))


def _flipped(draw: Draw, whole: bytes, mark: Path) -> bytes:
    data = bytearray(whole)
    for bit in draw(st.lists(st.integers(0, 8 * len(whole) - 1), min_size=1, max_size=10, unique=True)):
        data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def _overwritten(draw: Draw, whole: bytes, mark: Path) -> bytes:
    start = draw(st.integers(0, len(whole) - 1))
    new = draw(st.binary(min_size=1, max_size=16) | st.integers(17, 600).map(lambda n: whole[:n]))
    return whole[:start] + new + whole[start + draw(st.sampled_from((len(new), 0, 16))) :]


def _of_noise(draw: Draw, whole: bytes, mark: Path) -> bytes:
    return draw(st.sampled_from((b"PK\x03\x04", b"\x80\x02", b""))) + draw(st.binary(max_size=1000))


def _without_a_member(draw: Draw, whole: bytes, mark: Path) -> bytes:
    members = _members(whole)
    members.pop(draw(st.sampled_from(sorted(members))))
    return _zipped(members)


def _with_a_wrong_member(draw: Draw, whole: bytes, mark: Path) -> bytes:
    """The zip file is in order, and one member of it is not."""
    members = _members(whole)
    name = draw(st.sampled_from(sorted(members)))
    old = members[name]
    new = st.sampled_from((b"", old[:-8], old[::-1], bytes(len(old)), old + old))
    members[name] = draw(st.binary(min_size=len(old), max_size=len(old)) if len(old) < 500 else new)
    return _zipped(members)


def _foreign(draw: Draw, whole: bytes, mark: Path) -> bytes:
    """Other programs' files, and those of an attacker."""
    malicious = _Malicious(mark)
    things = ([1, 2], {"weights": {}}, malicious, {"weights": malicious, "format": 2}, torch.nn.Linear(2, 1))
    thing = things[draw(st.integers(0, len(things) - 1))]
    protocol = draw(st.sampled_from((None, 0, 2, 4, 5)))
    return _saved(thing) if protocol is None else pickle.dumps(thing, protocol=protocol)


def _malicious_member(draw: Draw, whole: bytes, mark: Path) -> bytes:
    members = _members(whole)
    name = next(name for name in members if name.endswith("data.pkl"))
    members[name] = pickle.dumps(_Malicious(mark), protocol=2)
    return _zipped(members)


def _resigned(draw: Draw, whole: bytes, mark: Path) -> bytes:
    content = _changed(draw, whole)
    content.pop("fingerprint", None)
    return _saved({**content, "fingerprint": fingerprint(content)})


def _of_other_content(draw: Draw, whole: bytes, mark: Path) -> bytes:
    return _saved(_changed(draw, whole))


_SHAPES: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
    lambda value: value[..., None],
    lambda value: value.reshape(-1)[:0],
    lambda value: value.int(),
    lambda value: value.to(torch.complex64),
    lambda value: value * torch.nan,
    lambda value: value.half(),
    lambda value: value + 1,
)
_WRONG = (None, 3, "text", [], {}, {"a": 1}, [torch.zeros(2)], torch.zeros(2), float("nan"), -1, b"x", 10**400)


def _changed(draw: Draw, whole: bytes) -> dict[str, Any]:
    """The content of a checkpoint with a wrong key, type or shape."""
    content = torch.load(io.BytesIO(whole), weights_only=True)
    target: Any = content
    while True:
        key = draw(st.sampled_from(list(target)))
        value = target[key]
        if isinstance(value, dict) and value and draw(st.integers(0, 9)) > 2:
            target = value
            continue
        changes = ["deleted", "renamed", "replaced"] + ["reshaped"] * isinstance(value, torch.Tensor)
        change = draw(st.sampled_from(changes))
        if change == "deleted":
            del target[key]
        elif change == "renamed":
            target["another"] = target.pop(key)
        elif change == "reshaped":
            target[key] = _SHAPES[draw(st.integers(0, len(_SHAPES) - 1))](value)
        else:
            target[key] = _WRONG[draw(st.integers(0, len(_WRONG) - 1))]
        return content


def _members(whole: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        return {name: file.read(name) for name in file.namelist()}


def _zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def _saved(thing: object) -> bytes:
    out = io.BytesIO()
    torch.save(thing, out)
    return out.getvalue()


_KINDS: dict[str, Callable[[Draw, bytes, Path], bytes | None]] = {
    "missing": _missing,
    "truncated": _truncated,
    "lengthened": _lengthened,
    "bits flipped": _flipped,
    "overwritten": _overwritten,
    "noise": _of_noise,
    "without a member": _without_a_member,
    "wrong member": _with_a_wrong_member,
    "foreign": _foreign,
    "malicious member": _malicious_member,
    "other content": _of_other_content,
    RESIGNED: _resigned,
}
