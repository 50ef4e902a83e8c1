from .pages import Section, count_rows, cut_into_pages
from .working_days import WorkingDays
