from .instalments import dates, share_out, spread
from .pages import Section, count_rows, cut_into_pages
from .phones import is_phone
from .ranges import DAYS, get_range_problem
from .working_days import WorkingDays
