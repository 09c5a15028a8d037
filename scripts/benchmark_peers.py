"""The same as `python -m benchmarks.peers`."""

from benchmarks.peers import main

if __name__ == "__main__":
    raise SystemExit(main())
