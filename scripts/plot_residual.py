"""The same as `pinn plot residual`."""

from pinn.cli.plot import residual

if __name__ == "__main__":
    residual()
