"""The command line: ``shiome list | info | run | detect | sharpen | data``."""

import argparse
import dataclasses
import inspect
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Annotated, Any

from shiome import __version__
from shiome.core.errors import ShiomeError
from shiome.showcases import names, showcase

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_NOT_READ = 1  # as rich, which prints the tables, does


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 on success, 2 where the user can mend something."""
    arguments = _parser().parse_args(argv)
    # XLA's warnings are for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        arguments.command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has read enough (`| head`); what is left goes nowhere, also at Python's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_NOT_READ)
    except ShiomeError as error:
        print(f"shiome: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        print("shiome: interrupted; no report was written.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def _interrupt(*_: object) -> None:
    """A polite kill is an interruption too: unfinished reports are cleared away."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shiome", description="Shiome: where Earth simulation meets AI."
    )
    parser.add_argument("--version", action="version", version=f"shiome {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="list the showcases")
    listing.set_defaults(command=_list)
    info = commands.add_parser("info", help="describe a showcase and its options")
    info.add_argument("name", metavar="SHOWCASE")
    info.set_defaults(command=_info)
    run = commands.add_parser(
        "run",
        help="run a showcase: shiome run NAME [options]",
        epilog=f"showcases: {', '.join(names())}; shiome run NAME --help lists the options of one",
    )
    run.add_argument("name", metavar="SHOWCASE")
    run.add_argument("options", nargs=argparse.REMAINDER, help="options of the showcase")
    run.set_defaults(command=_run)
    detect = commands.add_parser(
        "detect", help="find cyclones and their precursors in cloud images: shiome detect IMAGE.nc"
    )
    detect.add_argument(
        "images", metavar="IMAGE", help="netCDF: brightness temperature or outgoing longwave"
    )
    detect.add_argument("--threshold", type=float, metavar="SCORE", help="lowest score, 0 to 1")
    detect.add_argument("--out", metavar="FILE", help="CSV file to write")
    detect.add_argument("--figure", metavar="FILE", help="PNG file with the last image")
    detect.set_defaults(command=_detect)
    sharpen = commands.add_parser(
        "sharpen", help="sharpen a grid of sea depths: shiome sharpen FILE --factor 4 --out FILE"
    )
    sharpen.add_argument("file", metavar="FILE", help="grid of heights or depths (netCDF)")
    sharpen.add_argument("--factor", type=int, default=4, help="how much finer: 2, 4 or 8")
    sharpen.add_argument("--out", required=True, metavar="FILE", help="netCDF file to write")
    sharpen.add_argument(
        "--symmetric", action="store_true", help="average over eight symmetries: 8 times the work"
    )
    sharpen.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    sharpen.set_defaults(command=_sharpen)
    data = commands.add_parser("data", help="list or describe the data that ship")
    parts = data.add_subparsers(metavar="COMMAND", required=True)
    parts.add_parser("list", help="list the samples").set_defaults(command=_data_list)
    described = parts.add_parser("info", help="describe one sample")
    described.add_argument("name", metavar="ID")
    described.set_defaults(command=_data_info)
    return parser


def _table(*columns: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _show(*things: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for thing in things:
        console.print(thing, markup=False) if isinstance(thing, str) else console.print(thing)


def _list(_: argparse.Namespace) -> None:
    table = _table("showcase", "what it is")
    for name in names():
        table.add_row(name, showcase(name).title)
    _show(table)


def _info(arguments: argparse.Namespace) -> None:
    found = showcase(arguments.name)
    table = _table("option", "default", "meaning")
    for field in _fields(found.config):
        unit = field.metadata.get("unit")
        default = "" if field.default is None else f"{field.default} {unit or ''}".strip()
        table.add_row(_flag(field.name), default, field.metadata["help"])
    paragraphs = [" ".join(part.split()) for part in found.description.split("\n\n")]
    _show(found.title, "", *(line for part in paragraphs for line in (part, "")), table)


def _run(arguments: argparse.Namespace) -> None:
    import tyro

    found = showcase(arguments.name)
    options = tyro.cli(
        _options(found.config, f"{found.name}-report"),
        prog=f"shiome run {found.name}",
        description=found.description,
        args=arguments.options,
    )
    names_of_config = [field.name for field in dataclasses.fields(found.config)]
    config = found.config(**{name: getattr(options, name) for name in names_of_config})
    folder = found.run(
        config, options.out, overwrite=options.overwrite, scheduler=options.scheduler
    )
    _show(f"The page: {folder / 'index.html'}")


def _detect(arguments: argparse.Namespace) -> None:
    from shiome.showcases.typhoon.detect import detect

    found = detect(
        arguments.images,
        threshold=arguments.threshold,
        out=arguments.out,
        figure=arguments.figure,
    )
    table = _table("time", "latitude", "longitude", "score", "probability")
    for row in found.table.itertuples():
        place = (f"{row.latitude:.1f}", f"{row.longitude:.1f}")
        table.add_row(f"{row.time:%Y-%m-%d %H:%M}", *place, f"{row.score:.2f}",
                      f"{row.probability:.2f}")  # fmt: skip
    _show(*found.notes, table if len(found.table) else "Nothing was found.")


def _sharpen(arguments: argparse.Namespace) -> None:
    from shiome.showcases.seafloor.sharpen import sharpen

    done = sharpen(
        arguments.file,
        arguments.out,
        factor=arguments.factor,
        overwrite=arguments.overwrite,
        symmetric=arguments.symmetric,
    )
    _show(
        *done.notes,
        f"{done.path}: {done.cells / 1e6:.3g} million cells in {done.seconds:.1f} s, "
        f"{done.cells / 1e6 / done.seconds:.2g} million per second; "
        f"peak memory {done.peak_mib:.0f} MiB",
    )


def _options(config: type[Any], out: str) -> type[Any]:
    """Every field of a configuration, and where the report goes, as command-line options."""
    import tyro

    def described(kind: Any, help: str) -> Any:
        # An optional text is written as a text; tyro would show "{None}|STR".
        metavar = {str | None: "TEXT", int | None: "INT"}.get(kind)
        return Annotated[kind, tyro.conf.arg(help=help, metavar=metavar)]

    fields: list[tuple[str, Any, Any]] = []
    for field in _fields(config):
        meta = field.metadata
        bounds = [f"{word} {meta[key]}" for key, word in (("ge", "from"), ("le", "to"))
                  if meta.get(key) is not None]  # fmt: skip
        bounds += [", ".join(map(str, meta["choices"]))] if meta.get("choices") else []
        notes = "; ".join(filter(None, [meta.get("unit") or "", " ".join(bounds)]))
        text = meta["help"] + (f" [{notes}]" if notes else "")
        fields.append((field.name, described(field.type, text), field))
    for name, kind, default, help in (
        ("out", str, out, "Folder of the report; it must be new or empty."),
        ("overwrite", bool, False, "Replace an earlier report at --out."),
        ("scheduler", str | None, None, "Address of a Dask scheduler to run the tasks on."),
    ):
        fields.append((name, described(kind, help), dataclasses.field(default=default)))
    return dataclasses.make_dataclass("Options", fields, frozen=True)


def _fields(config: type[Any]) -> list[dataclasses.Field[Any]]:
    """Fields of a configuration, its own before those it shares with others."""
    own = inspect.get_annotations(config)
    return sorted(dataclasses.fields(config), key=lambda field: field.name not in own)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _data_list(_: argparse.Namespace) -> None:
    from shiome.data import list_samples

    table = _table("id", "kind", "what it is")
    for record in list_samples():
        table.add_row(record.id, record.kind, record.title)
    _show(table)


def _data_info(arguments: argparse.Namespace) -> None:
    from shiome.data import describe

    record = describe(arguments.name)
    table = _table("", "")
    for name, value in dataclasses.asdict(record).items():
        text = "\n".join(f"{i}. {step}" for i, step in enumerate(value, 1)) \
            if isinstance(value, tuple) else str(value)  # fmt: skip
        table.add_row(name, text)
    _show(table)
