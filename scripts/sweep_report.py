"""The same as `pinn sweep-report`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["sweep-report", *sys.argv[1:]])
