"""The same as `pinn plot animation`."""

from pinn.cli.plot import animation

if __name__ == "__main__":
    animation()
