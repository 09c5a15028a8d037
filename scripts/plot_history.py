"""The same as `pinn plot history`."""

from pinn.cli.plot import history

if __name__ == "__main__":
    history()
