#!/bin/sh
# A rod cools, and four sensors tell its temperature: what is its diffusivity, and how well do we know it?
set -e
pinn train pde=inverse_expression domain=interval 'domain.upper=[0.2]' 'pde.pde.fields=[T]' pde.pde.duration=120 \
    'pde.pde.equation="dt(T) = k*dx(dx(T))"' 'pde.pde.initial="20 + 60*sin(pi*x/0.2)"' 'pde.pde.boundary="20"' pde.pde.exact=null \
    pde.data=measured.csv pde.unknowns.k.initial=5e-5 'units={x: m, t: s, T: "°C", k: "m²/s"}' \
    network=mlp network.width=12 network.depth=2 optimizer=lm steps=60 sampler.interior=400 hydra.run.dir=run
pinn info run
pinn report run
