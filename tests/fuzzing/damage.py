"""A good run, and the ways in which its checkpoint may be damaged."""

import io
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from pinn import save_run, train
from pinn.networks import MLP
from pinn.optimizers import Adam
from pinn.pdes import Poisson
from pinn.runs.checksum import fingerprint

SIGNED_ANEW = "signed anew"
"""The one damage that no checksum can tell."""

CONFIG = {
    "pde": {"_target_": "pinn.pdes.Poisson"},
    "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1},
    "vjp": {"_target_": "pinn.operators.Auto"},
}


def good_run(folder: Path) -> Path:
    """A run of one step."""
    network = MLP(2, width=6, depth=1, bounds=Poisson().domain.bounds).double()
    *_, step = train(Poisson(), network, Adam(steps=1), steps=1)
    save_run(folder, step, CONFIG)
    return folder


def damaged(whole: bytes, rng: random.Random, folder: Path) -> tuple[str, bytes]:
    """The name of a kind of damage, and a checkpoint with it. Code that such a file runs makes `folder/executed`."""
    name = rng.choice(list(_KINDS))
    return name, _KINDS[name](whole, rng, folder)


class _Malicious:
    """An object that runs a program where it is unpickled without care."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def _truncated(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    return whole[: rng.randrange(len(whole))]


def _flipped(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    data = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 10))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _overwritten(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    start = rng.randrange(len(whole))
    return whole[:start] + rng.randbytes(rng.choice((1, 16, 512))) + whole[start + 16 :]


def _of_noise(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    return rng.choice((b"PK\x03\x04", b"\x80\x02", b"")) + rng.randbytes(rng.choice((0, 10, 1000)))


def _without_a_member(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    return _rewritten(whole, rng, lambda members, name: members.pop(name))


def _with_a_wrong_member(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    """The zip file is in order, and one member of it is not."""

    def spoil(members: dict[str, bytes], name: str) -> None:
        members[name] = rng.choice((b"", rng.randbytes(len(members[name])), members[name][:-8]))

    return _rewritten(whole, rng, spoil)


def _foreign(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    """Other programs' files, and those of an attacker."""
    malicious = _Malicious(folder / "executed")
    thing = rng.choice(([1, 2], {"weights": {}}, malicious, {"weights": malicious, "format": 1}, torch.nn.Linear(2, 1)))
    if rng.random() < 0.5:
        return pickle.dumps(thing, protocol=rng.choice((0, 2, 4, 5))) if thing is not None else b""
    return _saved(thing)


def _malicious_member(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    def spoil(members: dict[str, bytes], _: str) -> None:
        name = next(name for name in members if name.endswith("data.pkl"))
        members[name] = pickle.dumps(_Malicious(folder / "executed"), protocol=2)

    return _rewritten(whole, rng, spoil)


def _signed_anew(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    """Other content under a checksum that fits it."""
    content = _changed(whole, rng)
    content.pop("fingerprint", None)
    return _saved({**content, "fingerprint": fingerprint(content)})


def _of_other_content(whole: bytes, rng: random.Random, folder: Path) -> bytes:
    return _saved(_changed(whole, rng))


def _changed(whole: bytes, rng: random.Random) -> dict[str, Any]:
    """The content of a checkpoint with a wrong key, type or shape."""
    content = torch.load(io.BytesIO(whole), weights_only=True)
    wrong = (None, 3, "text", [], {}, {"a": 1}, [torch.zeros(2)], torch.zeros(2), float("nan"), -1, b"x")
    target: Any = content
    while True:
        key = rng.choice(list(target))
        if isinstance(target[key], dict) and target[key] and rng.random() < 0.7:
            target = target[key]
            continue
        value = target[key]
        change = rng.random()
        if change < 0.3:
            del target[key]
        elif change < 0.4:
            target["another"] = target.pop(key)
        elif change < 0.7 and isinstance(value, torch.Tensor):
            shapes = (
                value[..., None],
                value.reshape(-1)[:0],
                value.int(),
                value.to(torch.complex64),
                value * torch.nan,
                value.half(),
            )
            target[key] = rng.choice(shapes)
        else:
            target[key] = rng.choice(wrong)
        return content


def _rewritten(whole: bytes, rng: random.Random, change: Callable[[dict[str, bytes], str], object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members, rng.choice(list(members)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def _saved(thing: object) -> bytes:
    out = io.BytesIO()
    torch.save(thing, out)
    return out.getvalue()


_KINDS: dict[str, Callable[[bytes, random.Random, Path], bytes]] = {
    "truncated": _truncated,
    "bits flipped": _flipped,
    "overwritten": _overwritten,
    "noise": _of_noise,
    "without a member": _without_a_member,
    "wrong member": _with_a_wrong_member,
    "foreign": _foreign,
    "malicious member": _malicious_member,
    "other content": _of_other_content,
    SIGNED_ANEW: _signed_anew,
}
