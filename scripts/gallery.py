"""The same as `pinn gallery`."""

from pinn.cli.gallery import main

if __name__ == "__main__":
    raise SystemExit(main())
