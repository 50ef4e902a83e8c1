from . import base_partner_merge
from . import collection_preview
from . import collection_start
