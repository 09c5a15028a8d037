"""The same as `pinn ensemble`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["ensemble", *sys.argv[1:]])
