"""The same as `pinn plot history`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["plot", "history", *sys.argv[1:]])
