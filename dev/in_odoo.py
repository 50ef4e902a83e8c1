"""Runs a script as Odoo's shell would, with `env` defined, but with arguments and an honest exit code.

    python dev/in_odoo.py CONFIGURATION DATABASE SCRIPT [argument...]

The script commits by itself what it wants to keep.
"""

import runpy
import sys

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config


def main(configuration, database, *script):
    config.parse_config(["-c", configuration, "-d", database, "--no-http", "--log-level=warn"], setup_logging=True)
    sys.argv = list(script)
    with Registry(database).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        env = env(context=env["res.users"].context_get())
        runpy.run_path(script[0], init_globals={"env": env}, run_name="__main__")


main(*sys.argv[1:])
