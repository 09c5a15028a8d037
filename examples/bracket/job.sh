#!/bin/sh
# A steel bracket with a hole is heated at its foot and cooled by air: how warm does it get, and where?
set -e
pinn train --config-dir conf pde=expression domain=bracket 'pde.fields=[T]' 'pde.equation="laplacian(T) = 0"' \
    'pde.flux={foot: "q/k", air: "-h/k*(T - 20)", hole: "0"}' pde.coefficients.q=5000 pde.coefficients.h=25 pde.coefficients.k=15 \
    'units={x: m, y: m, T: "°C"}' network=mlp network.width=16 network.depth=2 optimizer=lm steps=100 sampler.interior=600 \
    sampler.boundary=400 estimate_error=true hydra.run.dir=run
pinn report run
pinn export run --format vtu --derivatives
