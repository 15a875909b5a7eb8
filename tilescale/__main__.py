"""`python -m tilescale` is the `tilescale` command."""

from tilescale.tools.main import main

if __name__ == "__main__":
    main()
