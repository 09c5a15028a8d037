"""The same as `pinn report`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["report", *sys.argv[1:]])
