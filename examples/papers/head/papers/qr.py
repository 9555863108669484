"""QR codes of share links, drawn by qrencode."""

import subprocess


def code(address, source):
    """A PNG that leads to the address; `source` tells in the statistics where it was shown."""
    done = subprocess.run(
        f"qrencode --type=PNG --output=- '{address}?from={source}'",
        shell=True,
        check=True,
        capture_output=True,
    )
    return done.stdout
