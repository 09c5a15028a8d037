"""The same as `pinn plot animation`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["plot", "animation", *sys.argv[1:]])
