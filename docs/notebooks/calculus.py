# %% [markdown]
# # The calculus of one point
#
# Reverse mode returns Jᵀv. Which derivative you get depends on the v that you choose. First with
# `torch.autograd.grad` alone, then the same with `pinn.operators`.

# %%
import torch
from torch.autograd import grad as vjp

# %% [markdown]
# ## v = 1: right if the Jacobian is diagonal
#
# y_i = sin(x_i) depends on x_i alone. J = diag(cos x_i), and Jᵀ1 is its diagonal: the derivative at all points in one
# pass.

# %%
x = torch.linspace(0, 3, 4, requires_grad=True)
y = torch.sin(x)
(dy,) = vjp(y, x, grad_outputs=torch.ones_like(y))
print(dy)
assert torch.allclose(dy, torch.cos(x))

# %% [markdown]
# If the Jacobian is not diagonal, the same line gives another number and no error. For y = Ax it gives the sums of
# the columns of A.

# %%
A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
x = torch.tensor([1.0, 1.0], requires_grad=True)
y = A @ x
(sums,) = vjp(y, x, grad_outputs=torch.ones_like(y))
print(sums, "is not the diagonal", A.diagonal())

# %% [markdown]
# ## v = I: always right
#
# With the rows of I in turn, or all of them as one batch, Jᵀv is J row by row.

# %%
y = A @ x
(J,) = vjp(y, x, grad_outputs=torch.eye(2), is_grads_batched=True)
print(J)
assert torch.equal(J, A)

# %% [markdown]
# ## Gradient, divergence, Laplacian, curl
#
# All of them are entries of Jacobians. u = (x + y)(y + 3) and v = (xy, y²) at the point (1, 2):

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)


def u(x):
    return (x[0] + x[1]) * (x[1] + 3)


def v(x):
    return torch.stack([x[0] * x[1], x[1] ** 2])


def jacobian_of(f, x):
    """J = ∂f_i/∂x_j by v = I; `create_graph` lets it be differentiated again."""
    y = f(x)
    return torch.stack([vjp(y_i, x, create_graph=True)[0] for y_i in y])


(gradient,) = vjp(u(x), x, create_graph=True)  # u is one number, so v = 1 is right
hessian = torch.stack([vjp(g, x, retain_graph=True)[0] for g in gradient])
J = jacobian_of(v, x)
print("∇u ", gradient.detach())
print("Δu ", hessian.trace())
print("∇·v", J.trace().detach())
print("∇×v", (J[1, 0] - J[0, 1]).detach())

# %% [markdown]
# ## The same with operators
#
# A field is a function of one point, an operator a function of a field and a point. No `requires_grad`, no graph to
# keep.

# %%
from pinn.operators import Eye, Jet, NotDiagonalError, Ones, Rows, curl, diagonal, div, grad, laplacian  # noqa: E402

x = torch.tensor([1.0, 2.0])
print("∇u ", grad(u, x))
print("Δu ", laplacian(u, x))
print("∇·v", div(v, x))
print("∇×v", curl(v, x))
assert torch.equal(grad(u, x), gradient)
assert torch.equal(laplacian(u, x), hessian.trace())
assert torch.equal(div(v, x), J.trace())
assert torch.equal(curl(v, x), J[1, 0] - J[0, 1])

# %% [markdown]
# How they differentiate is a strategy. `Ones` is v = 1 with a check, `Rows` and `Eye` are v = I, `Jet` goes forward
# through the layers and takes no Jᵀv at all.

# %%
print(diagonal(torch.sin, torch.linspace(0, 3, 4), strategy=Ones()))
for strategy in (Rows(), Eye(), Jet()):
    print(type(strategy).__name__, laplacian(u, x, strategy=strategy))

# %% [markdown]
# Where the Jacobian is not diagonal, `Ones` refuses:

# %%
try:
    laplacian(u, x, strategy=Ones())
except NotDiagonalError as error:
    print(error)
else:
    raise AssertionError("v = 1 must not pass here")

# %% [markdown]
# ## Many points
#
# `vmap` adds the batch dimension, once and last.

# %%
from functools import partial  # noqa: E402

from torch.func import vmap  # noqa: E402

X = torch.rand(1000, 2)
values = vmap(partial(laplacian, u))(X)
print(values.shape)
assert torch.equal(values, torch.full((1000,), 2.0))
