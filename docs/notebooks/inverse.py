# %% [markdown]
# # An inverse problem
#
# How well does a bar conduct heat? We have its temperature at some places and times, with noise, and know that it
# obeys u_t = κ u_xx. The diffusivity κ is found together with the temperature.

# %%
import matplotlib.pyplot as plt
import torch

from pinn import train
from pinn.networks import MLP, Unknown, WithUnknowns
from pinn.pdes import Heat, Inverse
from pinn.plotting import show, show_history
from pinn.runs.uncertainty import found_unknowns

# %% [markdown]
# ## The problem
#
# The data are made from a known solution with κ = 0.1: 100 values with 2 % of noise. We begin at κ = 0.5, and κ stays
# positive.

# %%
truth = Heat(diffusivity=0.1)
problem = Inverse(truth, {"diffusivity": Unknown(initial=0.5, lower=0.0)}, sensors=100, noise=0.02)
points, values, deviation = problem.measurements
print(f"{len(points)} values, noise of deviation {deviation:.4f}")

# %%
figure, axes = plt.subplots(figsize=(5, 3))
image = axes.scatter(*points.T.numpy(), c=values[:, 0].numpy(), s=14)
axes.set_xlabel("t")
axes.set_ylabel("x")
figure.colorbar(image, label="measured temperature")
plt.show()

# %% [markdown]
# ## Training
#
# The network gives the temperature, and the unknown is one more component of the field.

# %%
generator = torch.Generator().manual_seed(0)
network = WithUnknowns(MLP(inputs=2, width=12, depth=2, generator=generator), problem.unknowns, inputs=2).double()
history = []
for step in train(problem, network, steps=70):
    history.append(step.figures["unknown_diffusivity"])
found = found_unknowns(step.objective, step.params)["diffusivity"]
low, high = found.interval()
print(f"diffusivity {found.value:.4f}, between {low:.4f} and {high:.4f} with 95 %, true {found.truth}")
assert abs(found.value - 0.1) < 4 * found.deviation

# %%
steps = range(1, len(history) + 1)
curves = {"found": history, "true": [0.1] * len(history)}
show_history(steps, curves, label="diffusivity", log=False)

# %% [markdown]
# The temperature, with the units that we give it:

# %%
show(step, units={"t": "s", "x": "m"}, picture="profiles")

# %% [markdown]
# The interval comes from the Gauss–Newton covariance at the solution. With ten times the noise it is ten times as
# wide: the data then say less, and the program says so.
