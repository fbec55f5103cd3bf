"""``python -m fem``: the same as the command ``fem``."""

from fem.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
