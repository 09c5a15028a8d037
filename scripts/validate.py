"""The same as `pinn validate`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["validate", *sys.argv[1:]])
