from . import base_partner_merge
from . import collection_call_log
from . import collection_dispute_close
from . import collection_item_as_of
from . import collection_preview
from . import collection_reason
from . import collection_start
