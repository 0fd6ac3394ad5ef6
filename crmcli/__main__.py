"""`python -m crmcli`, and what the console scripts call."""

from crmcli.cli.main import main

if __name__ == "__main__":
    main()
