"""The same as `pinn plot solution`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["plot", "solution", *sys.argv[1:]])
