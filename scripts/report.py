"""The same as `pinn report`."""

from pinn.cli.report import main

if __name__ == "__main__":
    main()
