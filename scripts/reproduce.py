"""The same as `pinn reproduce`."""

from pinn.cli.reproduce import main

if __name__ == "__main__":
    raise SystemExit(main())
