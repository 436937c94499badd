"""`python -m theatrum`: the same as the `theatrum` command."""

from service.cli import main

if __name__ == "__main__":
    main()
