"""``caruso pack check|install``: a folder with all that a market needs, checked as a whole, and put in force."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.business_objects.folder import model_files
from caruso.business_objects.load import built_in_model, load_models
from caruso.business_objects.model import Model
from caruso.cli.applying import apply, read_wanted
from caruso.cli.models import apply as make_tables
from caruso.cli.outcome import Exit
from caruso.cli.plugins import use_plugins
from caruso.cli.stores import settings
from caruso.config import Config
from caruso.errors import Located, RejectedInput
from caruso.service_manager.mail_filling import read_templates
from caruso.toml.shape import Shape
from caruso.toml.source import read_toml

MANIFEST = "pack.toml"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``pack.toml``."""

    #: Stands before the names of the pack's models where they are installed.
    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,30}$", title="small letters, digits, - and _")]
    title: str
    version: Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)*$", title="a version like 1.2")]
    #: Description of the centre, and folders of models and of templates of mails, within the pack.
    centre: str = "centre.toml"
    models: str = "models"
    mails: str = "mails"


def check(wanted: Namespace) -> int:
    """Tell what is wrong with a pack; nothing is changed."""
    config = settings(wanted)
    use_plugins(config)
    manifest = read_manifest(wanted.folder)
    model = pack_model(wanted.folder, manifest, config)
    mails = wanted.folder / manifest.mails
    _, findings = read_templates(mails)
    if findings:
        raise RejectedInput(findings)
    read_wanted(wanted.folder / manifest.centre, config, model, mails=mails)
    print(f"{manifest.title} {manifest.version}: {len(model.classes)} classes, all parts fit each other.")
    return Exit.OK


def install(wanted: Namespace) -> int:
    """Check a pack, put its models beside those that are there, make their tables, and apply its centre."""
    check(wanted)
    config = settings(wanted)
    manifest = read_manifest(wanted.folder)
    config.objects.models.mkdir(parents=True, exist_ok=True)
    for file in model_files(wanted.folder / manifest.models):
        target = config.objects.models / f"{manifest.name}-{file.name}"
        # A server that looks at the folder meanwhile finds the old file or the new one.
        beside = target.with_suffix(".new")
        shutil.copyfile(file, beside)
        beside.replace(target)
        print(f"model {target.name}")
    _copy_mails(wanted.folder / manifest.mails, config.mail.templates)
    make_tables(wanted)
    centre = Namespace(
        file=wanted.folder / manifest.centre,
        config=wanted.config,
        why=f"pack {manifest.name} {manifest.version}",
        dry_run=False,
        first_passwords=wanted.first_passwords,
    )
    return apply(centre)


def _copy_mails(mails: Path, folder: Path) -> None:
    """Put templates where the server looks for them; one that is there stays: its words are the company's own."""
    for file in sorted((*mails.glob("*.txt"), *mails.glob("*.html"))):
        target = folder / file.name
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            print(f"mail {target.name}")
        elif target.read_bytes() != file.read_bytes():
            print(f"mail {target.name} is there already, and stays as it is")


def read_manifest(folder: Path) -> Manifest:
    """Return what a pack says of itself; raise `RejectedInput`."""
    file = folder / MANIFEST
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8"
        raise RejectedInput((Located(rule="unreadable-file", message=f"{reason}.", file=str(file)),)) from problem
    shape = Shape(read_toml(text, str(file)))
    manifest = shape.struct(Manifest, shape.source.data, ())
    if shape.findings or manifest is None:
        raise RejectedInput(tuple(shape.findings))
    return manifest


def pack_model(folder: Path, manifest: Manifest, config: Config) -> Model:
    """Return the model there is once the pack is installed: its own files, and those of others."""
    ours = model_files(folder / manifest.models)
    theirs = [f for f in model_files(config.objects.models) if not f.name.startswith(f"{manifest.name}-")]
    sources = [(str(file), file.read_bytes()) for file in (*theirs, *ours)]
    return load_models(sources, ("own", *config.objects.databases), built_in=built_in_model())
