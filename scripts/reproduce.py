"""The same as `pinn reproduce`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["reproduce", *sys.argv[1:]])
