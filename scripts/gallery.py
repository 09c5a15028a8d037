"""The same as `pinn gallery`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["gallery", *sys.argv[1:]])
