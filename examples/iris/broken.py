"""Fails on purpose: what a user sees when training code goes wrong."""

import sys

EXIT_CODE = 7


def main() -> None:
    print("reading the settings of the run", flush=True)
    print(f"broken.py: this example always fails; leaving with exit code {EXIT_CODE}", file=sys.stderr, flush=True)
    sys.exit(EXIT_CODE)


if __name__ == "__main__":
    main()
