"""The same as `pinn plot residual`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["plot", "residual", *sys.argv[1:]])
