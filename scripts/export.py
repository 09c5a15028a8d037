"""The same as `pinn export`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["export", *sys.argv[1:]])
