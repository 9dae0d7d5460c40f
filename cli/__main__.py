"""`dayar`: what a person does at the terminal. One file per group of commands."""

import typer

from cli import environment, feed, places, provision

app = typer.Typer(help="Dayar, at the terminal.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(feed.app, name="feed")
app.add_typer(places.app, name="places")
app.add_typer(provision.app, name="provision")


@app.callback()
def dayar() -> None:
    """Speaks to the installation that DATABASE_URL and its like name, else to that of `make run` (STATE=, DEMO=0)."""
    environment.load()


if __name__ == "__main__":
    app()
