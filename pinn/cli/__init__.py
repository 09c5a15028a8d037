"""The command line: `pinn train`, `pinn plot`, `pinn report` and the others."""
