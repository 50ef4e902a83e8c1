from . import collection_dispute
