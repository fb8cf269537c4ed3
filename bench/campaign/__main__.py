"""`python -m bench.campaign` does what `python -m bench campaign` does."""

import sys

from bench.campaign.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
