"""The same as `pinn plot solution`."""

from pinn.cli.plot import solution

if __name__ == "__main__":
    solution()
