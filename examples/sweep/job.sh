#!/bin/sh
# Which network is best for a problem, and the best of them as a file for another program.
set -e
pinn train -m pde=poisson domain=disk network=mlp network.width=8,16 network.activation=tanh,sin seed=0,1 optimizer=lm steps=30 \
    sampler.interior=300 plots=false hydra.sweep.dir=sweep
pinn sweep-report sweep --sort median
best=$(pinn sweep-report sweep --best)
pinn plot solution "$best" --output .
pinn export "$best" --format onnx --output best.onnx
