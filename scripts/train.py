"""The same as `pinn train`."""

import sys

from pinn.cli.main import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
