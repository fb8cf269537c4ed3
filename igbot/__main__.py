"""`python -m igbot` is `igbot`."""

from igbot.cli import main

main()
