"""Taylor–Hood elements on a flow in closed form."""

import numpy as np
import pytest

from benchmarks.pinnacle.flows import NU, Flow

skfem = pytest.importorskip("skfem")


def test_poiseuille_flow_is_exact() -> None:
    """u = 4y(1 − y), p = 8ν(2 − x): quadratic and linear, free of traction at x = 2."""
    mesh = skfem.MeshQuad.init_tensor(np.linspace(0, 2, 7), np.linspace(0, 1, 4)).to_meshtri(style="x")
    flow = Flow.on(mesh)
    known = np.zeros(flow.velocity.N + flow.pressure.N)
    inlet = flow.at(lambda x: x[0] < 1e-9).all("u^1")
    height = flow.velocity.doflocs[1, inlet]
    known[inlet] = 4 * height * (1 - height)
    state = flow.solved(known, flow.at(lambda x: x[0] < 2 - 1e-9).all(), np.zeros_like(known))
    x, y = mesh.p
    exact = np.stack([4 * y * (1 - y), np.zeros_like(x), 8 * NU * (2 - x)], 1)
    np.testing.assert_allclose(flow.at_vertices(state, len(x)), exact, atol=1e-10)
