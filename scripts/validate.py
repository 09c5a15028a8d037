"""The same as `pinn validate`."""

from pinn.cli.validate import main

if __name__ == "__main__":
    raise SystemExit(main())
