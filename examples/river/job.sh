#!/bin/sh
# A pollutant comes down a river in a wave, which is known hour by hour: when is it where?
set -e
pinn train pde=expression domain=interval 'domain.upper=[2]' 'pde.fields=[c]' pde.duration=3 \
    'pde.equation="dt(c) + w*dx(c) = D*dx(dx(c)) - c/tau"' pde.coefficients.w=1 pde.coefficients.D=0.05 pde.coefficients.tau=4 \
    'pde.initial="0"' 'pde.boundary={left: inflow.csv}' pde.interpolation=cubic 'pde.flux={right: "0"}' \
    'units={x: km, t: h, c: mg/L}' network=frozen_sines optimizer=least_squares sampler.interior=1500 estimate_error=true \
    hydra.run.dir=run
pinn plot solution run --slice x=1
pinn plot animation run --frames 20 --points 201
pinn export run --format csv --time 1 2 3 --points 41
