"""The same as `pinn train`."""

from pinn.cli.train import main

if __name__ == "__main__":
    main()
