import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..tools import DAYS, get_range_problem

#: the numbers of the settings that make sense
RANGES = {
    'collection_daily_cap': (0, 999999),
    'collection_call_tries': (1, 99),
    'collection_documents_days': (1, DAYS[1]),
    'collection_paid_already_days': DAYS,
    'collection_exception_days': DAYS,
    'collection_contact_months': (0, 120),
    'collection_declare_days': DAYS,
    'collection_retention_years': (0, 50),
    'collection_qualify_days': DAYS,
    'collection_silent_debt_days': (1, 9999),
    'collection_financing_rate': (0, 100),
    'collection_escalate_days': DAYS,
}
#: what a person named in the settings must be allowed to do, none for the director: he only signs
GROUP_OF_PERSON = {
    'collection_user_id': 'account_collection_followup.group_collection_caller',
    'collection_manager_id': 'account_collection_followup.group_collection_collector',
    'collection_director_id': None,
}


class ResCompany(models.Model):
    _inherit = 'res.company'

    collection_policy_id = fields.Many2one(
        'collection.policy',
        string="Default policy",
        ondelete='restrict',
        help="The ladder of every customer who has none of his own. Changing it shows first what happens to them.",
    )
    collection_manager_id = fields.Many2one(
        'res.users',
        string="Collections manager",
        help="Decides about litigation, is told what was not done in time, and is the sender of the levels that name "
        "the collections manager. Must be a collector or an administrator.",
    )
    collection_director_id = fields.Many2one(
        'res.users',
        string="Director",
        help="The sender of the levels that name the director: formal notices as a rule. Needs no rights here.",
    )
    collection_user_id = fields.Many2one(
        'res.users',
        string="Default collector",
        help="Works the customers nobody else is responsible for, and is told what concerns no sales rep.",
    )
    collection_start_date = fields.Date(
        "Collections started on", help="The day this company began to use collections. Empty: nothing is sent."
    )
    collection_first_run_done = fields.Boolean(
        "First run done", help="The first run of a company always has to be approved."
    )
    collection_daily_cap = fields.Integer(
        "Messages per day at most",
        help="The largest amounts leave first, the others in the next runs. 0: no limit.",
    )
    collection_log_invoices = fields.Boolean(
        "Note steps on invoices",
        default=True,
        help="Every message leaves an internal note on the invoices it asks for, for who reads them there.",
    )

    collection_call_tries = fields.Integer(
        "Tries if nobody answers",
        default=3,
        help="A call nobody answers counts as made after tries on so many different days: the ladder then goes on.",
    )
    collection_documents_days = fields.Integer(
        "Days to call after documents",
        default=7,
        help="When documents were sent to the customer he is called again within so many days.",
    )
    collection_paid_already_days = fields.Integer(
        "Working days for “paid already”",
        default=5,
        help="What a customer says he has paid is held for so many working days, then he is called again.",
    )

    collection_exception_days = fields.Integer(
        "Working days before an exception",
        default=3,
        help="What waits longer than this to be approved, decided, posted or called is shown to the collections "
        "manager among the exceptions.",
    )

    collection_qualify_days = fields.Integer(
        "Working days to qualify",
        default=3,
        help="A dispute the customer entered himself is given its type and team within so many working days.",
    )
    collection_escalate_days = fields.Integer(
        "Working days to the manager",
        default=5,
        help="A dispute past its time limit goes to the team's lead, and so many working days later to the "
        "collections manager.",
    )

    @api.constrains(*RANGES)
    def _check_collection_numbers(self):
        for company in self:
            if problem := get_range_problem(company, RANGES):
                raise ValidationError(problem)

    @api.constrains('collection_user_id', 'collection_manager_id', 'collection_director_id')
    def _check_collection_people(self):
        for company in self:
            if problems := company._get_collection_problems():
                raise ValidationError('\n'.join(problems))

    @api.constrains('collection_policy_id')
    def _check_collection_policy(self):
        for company in self:
            policy = company.collection_policy_id
            if policy and not (policy.active and policy.company_id in (company.browse(), company)):
                raise ValidationError(
                    self.env._(
                        "%(policy)s cannot be the default of %(company)s: it is archived or belongs to another company.",
                        policy=policy.name,
                        company=company.name,
                    )
                )

    def _get_collection_problems(self):
        """Why the people named in the settings cannot do what they are named for: archived, a portal user, no rights.

        :return: list of sentences, one for each person
        """
        self.ensure_one()
        problems = []
        for name, group in GROUP_OF_PERSON.items():
            user = self.sudo()[name]
            values = {'role': self._fields[name].get_description(self.env)['string'], 'user': user.name}
            if user and (user.share or not user.active):
                problems.append(self.env._("%(role)s: %(user)s is not an active internal user.", **values))
            elif user and group and not user.has_group(group):
                values['group'] = self.env.ref(group).sudo().name
                problems.append(self.env._("%(role)s: %(user)s needs the role %(group)s of Collections.", **values))
        return problems

    @api.model
    def _get_collection_user_warning(self, user):
        """What a default collector may be named for, but will stumble over.

        :param user: whom the settings name or are about to name
        :return: a sentence, or False
        """
        user = user.sudo()
        caller, collector = (GROUP_OF_PERSON[name] for name in ('collection_user_id', 'collection_manager_id'))
        if not user.active or not user.has_group(caller) or user.has_group(collector):
            return False
        return self.env._(
            "Default collector: %s is a caller and cannot open runs, approve messages or post letters.", user.name
        )

    def _check_collection_administrator(self):
        """:raise AccessError: unless the user administers collections and may work in this company (R47)"""
        if self.env.su:
            return
        self.ensure_one()
        if not self.env.user.has_group('account_collection_followup.group_collection_administrator'):
            raise AccessError(self.env._("Only an administrator of collections can change these settings."))
        if self not in self.env.user.company_ids:
            raise AccessError(
                self.env._("These settings belong to %s, where you do not work.", self.sudo().display_name)
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
