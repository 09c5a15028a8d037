"""The same as `pinn sweep-report`."""

from pinn.cli.sweep_report import main

if __name__ == "__main__":
    raise SystemExit(main())
