"""The command `ser` where its folder is not on the PATH: `python -m ser`."""

from ser.cli import main

if __name__ == "__main__":
    main()
