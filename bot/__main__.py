"""`python -m bot` is `plumbline`."""

from bot.cli import main

main()
