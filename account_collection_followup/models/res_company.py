import pytz

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    collection_policy_id = fields.Many2one(
        'collection.policy',
        string="Default policy",
        ondelete='restrict',
        help="The ladder of every customer who has none of his own.",
    )
    collection_manager_id = fields.Many2one(
        'res.users', string="Collections manager", help="Decides litigation and receives the exceptions."
    )
    collection_director_id = fields.Many2one('res.users', string="Director", help="Signs formal notices.")
    collection_user_id = fields.Many2one(
        'res.users', string="Default collector", help="Responsible for the customers nobody else is responsible for."
    )
    collection_start_date = fields.Date(
        "Collections started on", help="The day this company began to use collections. Empty: nothing is sent."
    )
    collection_first_run_done = fields.Boolean(
        "First run done", help="The first run of a company always has to be validated."
    )
    collection_daily_cap = fields.Integer("Messages per day at most", help="0: no limit.")
    collection_log_invoices = fields.Boolean(
        "Note steps on invoices", default=True, help="Write every step in the chatter of the invoices it asks for."
    )

    collection_call_tries = fields.Integer(
        "Tries of a call", default=3, help="On so many different days a call is tried before it counts as made."
    )
    collection_documents_days = fields.Integer(
        "Days after documents",
        default=7,
        help="Within so many days after documents were promised the customer is called again.",
    )

    _collection_numbers_positive = models.Constraint(
        'CHECK(collection_daily_cap >= 0 AND collection_call_tries >= 1 AND collection_documents_days >= 1)',
        "Collections: the cap cannot be negative; tries and days are at least one.",
    )

    def _collection_root(self):
        """The company that cases, policies and facts belong to: the root of a branch (R69).

        :return: ``res.company``, empty for an empty record
        """
        return self.root_id

    def _collection_now(self):
        """Now where the company is, whoever asks: in its own time zone, else its collections manager's, else UTC.

        :rtype: datetime with time zone
        """
        self.ensure_one()
        company = self.sudo()._collection_root()
        zone = company.partner_id.tz or company.collection_manager_id.tz or 'UTC'
        return pytz.utc.localize(fields.Datetime.now()).astimezone(pytz.timezone(zone))

    def _collection_today(self):
        """Today where the company is, see :meth:`_collection_now`.

        :rtype: date
        """
        return self._collection_now().date()
