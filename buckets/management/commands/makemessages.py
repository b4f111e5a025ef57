"""Collect the texts to be translated, those of the scripts too: there they stand in ``t()`` and ``tn()`` (static/js/words.js)."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=t", "--keyword=tn:1,2"]  # noqa: RUF012
