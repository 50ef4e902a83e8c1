from . import controllers
from . import demo
from . import models
from . import wizards


def _post_init_hook(env):
    """Every company gets the standard ladder as its default; nothing is sent before it is started."""
    env['res.company'].search([('collection_policy_id', '=', False)]).collection_policy_id = env.ref(
        'account_collection_followup.policy_standard'
    )
