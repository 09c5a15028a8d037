"""The same as `pinn export`."""

from pinn.cli.export import main

if __name__ == "__main__":
    main()
