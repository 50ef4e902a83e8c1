from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: the conversation a kind of level belongs to (R41): a formal notice and a
#: hand-over are steps of their own beside the ordinary message
TRACK_OF_KIND = {'reminder': 'ordinary', 'formal': 'formal', 'litigation': 'litigation'}
TRACKS = [('ordinary', "Reminder"), ('formal', "Formal notice"), ('litigation', "Hand-over")]
SENDER_ROLES = [
    ('rep', "Sales rep"),
    ('caller', "Caller"),
    ('collector', "Collector"),
    ('manager', "Collections manager"),
    ('director', "Director"),
]


class CollectionLevel(models.Model):
    """A rung of the ladder.

    Its ``rank`` (the sequence) is comparable between policies: a customer who
    changes policy goes on at the first rung above his last one (R47).
    """

    _name = 'collection.level'
    _description = "Follow-up Level"
    _order = 'policy_id, rank, id'

    name = fields.Char(required=True, translate=True, help="As your colleagues know it; customers do not see it.")
    policy_id = fields.Many2one(
        'collection.policy', required=True, ondelete='cascade', index=True, help="The ladder this level is a rung of."
    )
    company_id = fields.Many2one(related='policy_id.company_id', store=True)
    currency_id = fields.Many2one(related='policy_id.currency_id')
    rank = fields.Integer(
        required=True,
        default=lambda self: self._get_free_rank(),
        aggregator=None,
        help="The order of the levels, lowest first; leave gaps (20, 30, 40) for levels to come. The same rank means "
        "the same severity in every policy: who changes policy goes on at the first level with a higher rank.",
    )
    active = fields.Boolean(
        "In use",
        default=True,
        help="A level out of use is passed over: items go on at the first level in use above their last one.",
    )
    kind = fields.Selection(
        [
            ('satisfaction', "Satisfaction call"),
            ('reminder', "Reminder"),
            ('formal', "Formal notice"),
            ('litigation', "Litigation"),
        ],
        required=True,
        default='reminder',
        help="Satisfaction call: before the due date, outside the ladder. Reminder: an ordinary message. Formal notice: "
        "a letter of its own that announces litigation. Litigation: the items are handed over and leave the ladder.",
    )
    is_entry = fields.Boolean(compute='_compute_is_entry')
    delay_days = fields.Integer(
        "Days from the due date",
        default=3,
        help="First level: days after the due date. Satisfaction call: days before it. "
        "Every later level falls due at the date given by the one before.",
    )
    days_given = fields.Integer(
        "Days given to pay",
        default=8,
        help="Days the customer is given to pay. The message names the date, always a working day; "
        "the next level comes after it.",
    )
    by_email = fields.Boolean(
        "E-mail", help="The text below is sent by e-mail, once the run is approved if it has to be."
    )
    by_call = fields.Boolean("Call", help="A call is planned before the date given, for whoever has the role below.")
    by_letter = fields.Boolean("Letter", help="A letter is prepared; it waits in Letters to post.")
    by_registered = fields.Boolean("Registered letter", help="A letter to post registered; its number is kept.")
    means = fields.Char(compute='_compute_means')
    when_text = fields.Char("When", compute='_compute_when_text')
    sender_role = fields.Selection(
        SENDER_ROLES,
        required=True,
        default='collector',
        help="In whose name it is written and who makes the call. The higher the level, the higher the role.",
    )
    recipient_role_ids = fields.Many2many(
        'collection.contact.role',
        string="Recipient roles",
        help="The customer's contacts the message goes to, the first one as addressee. "
        "Without such a contact it goes to the invoice address, then to the customer himself.",
    )
    mode = fields.Selection(
        [('auto', "Automatic"), ('validate', "To approve"), ('decide', "Manager decides")],
        required=True,
        default='auto',
        help="Automatic: leaves with the run of the day. To approve: waits until a collector approves it. "
        "Manager decides: for litigation, always.",
    )
    minimum_amount = fields.Monetary(
        help="When less than this is to be chased in all, nothing leaves at this level (company currency)."
    )
    mail_template_id = fields.Many2one(
        'mail.template',
        string="Text",
        domain=[('model', '=', 'collection.step')],
        ondelete='restrict',
        help="What the e-mail says, and the letter if it has no text of its own. Each language has its own wording.",
    )
    letter_template_id = fields.Many2one(
        'mail.template',
        string="Letter text",
        domain=[('model', '=', 'collection.step')],
        ondelete='restrict',
        help="What the letter says, with the same placeholders as an e-mail; its subject is the letter's subject line. "
        "Letterhead, address, signature and bank details are added. Empty: the letter says what the e-mail says.",
    )
    heading = fields.Char(
        translate=True, help="Stands above this level's invoices where a message has items of several levels."
    )
    consequence = fields.Char(
        "Announced consequence",
        translate=True,
        help="What the message announces if nothing is settled by the date given, as a whole sentence.",
    )

    _minimum_positive = models.Constraint('CHECK(minimum_amount >= 0)', "A minimum amount cannot be negative.")
    _rank_unique = models.UniqueIndex(
        "(policy_id, rank) WHERE active",
        "Two levels of a policy cannot have the same rank. Give one of them a number in between.",
    )

    @api.model
    def _get_free_rank(self):
        """:return: a rank for a new level: after the last reminder of the policy it is created for"""
        policy = self.env['collection.policy'].browse(self.env.context.get('default_policy_id') or [])
        ranks = policy.with_context(active_test=True).level_ids.grouped('kind')
        last = max((level.rank for level in ranks.get('reminder', ())), default=10)
        taken = set(policy.level_ids.mapped('rank'))
        return next(rank for rank in (last + 10, last + 5, *range(last + 1, last + 999)) if rank not in taken)

    @api.depends('policy_id.level_ids.rank', 'policy_id.level_ids.active', 'policy_id.level_ids.kind')
    def _compute_is_entry(self):
        entries = self.env['collection.level']
        for policy in self.policy_id:
            entries |= policy._get_climbing_levels()[:1]
        for level in self:
            level.is_entry = level in entries or level._origin in entries

    @api.depends('kind', 'delay_days', 'is_entry')
    def _compute_when_text(self):
        for level in self:
            if level.kind == 'satisfaction':
                level.when_text = self.env._("Due − %s days", level.delay_days)
            elif level.is_entry:
                level.when_text = self.env._("Due + %s days", level.delay_days)
            else:
                level.when_text = self.env._("Date given")

    @api.depends('by_email', 'by_call', 'by_letter', 'by_registered', 'kind')
    def _compute_means(self):
        labels = {
            name: self._fields[name].get_description(self.env)['string']
            for name in ('by_call', 'by_email', 'by_letter', 'by_registered')
        }
        for level in self:
            means = [label for name, label in labels.items() if level[name]]
            if level.kind == 'litigation':
                means.append(self.env._("Hand-over"))
            level.means = ' + '.join(means)

    @api.onchange('kind')
    def _onchange_kind(self):
        if self.kind == 'litigation':
            # the form does not show them then
            self.update({'by_email': False, 'by_call': False, 'by_letter': False, 'by_registered': False})

    @api.constrains(
        'kind',
        'mode',
        'days_given',
        'by_email',
        'by_call',
        'by_letter',
        'by_registered',
        'mail_template_id',
        'letter_template_id',
    )
    def _check_level(self):
        for level in self:
            if problem := level._get_problem():
                raise ValidationError(self.env._("%(level)s: %(problem)s", level=level.name, problem=problem))

    def _get_problem(self):
        """:return: why this level cannot work, in words, or None"""
        self.ensure_one()
        has_means = self.by_email or self.by_call or self.by_letter or self.by_registered
        if self.kind == 'litigation':
            if self.mode != 'decide':
                return self.env._("litigation is always decided by the collections manager.")
            return self.env._("a hand-over sends nothing to the customer.") if has_means else None
        if self.mode == 'decide':
            return self.env._("only litigation is decided by the collections manager.")
        if not has_means:
            return self.env._("choose how the customer is reached.")
        if self.kind in ('reminder', 'formal') and not self.days_given:
            return self.env._("the customer must be given at least one day.")
        if self.kind == 'formal' and not (self.by_letter or self.by_registered):
            return self.env._("a formal notice leaves by letter.")
        if self.by_email and not self.mail_template_id:
            return self.env._("an e-mail needs a text.")
        if (self.by_letter or self.by_registered) and not (self.letter_template_id or self.mail_template_id):
            return self.env._("a letter needs a text.")
        return None

    def copy_data(self, default=None):
        # copied with its policy: keep the name as it is
        return [dict(vals, name=level.name) for level, vals in zip(self, super().copy_data(default), strict=True)]

    def _get_track(self):
        self.ensure_one()
        return TRACK_OF_KIND.get(self.kind)

    def _get_next(self):
        """:return: the level announced by this one: the next active rung of its policy"""
        self.ensure_one()
        return self.policy_id._get_climbing_levels().filtered(lambda level: level.rank > self.rank)[:1]

    def action_preview(self):
        """Open this level's message as a real customer would receive it."""
        self.check_access('read')
        self.env['collection.preview'].check_access('create')
        action = self.env['ir.actions.act_window']._for_xml_id('account_collection_followup.collection_preview_action')
        return dict(action, context={'default_level_id': self[:1].id})
