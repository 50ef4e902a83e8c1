from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .collection_fact import internal

COLLECTOR = 'account_collection_followup.group_collection_collector'
#: so often who is no collector moves a promise
CALLER_MOVES = 1


class CollectionPromise(models.Model):
    """Promises that are moved to other dates before they are broken (R36).

    The old promise ends as moved, and stays with its dates; a new one takes over what was left of it from the
    same day on, so that what it covers is neither chased in between nor covered twice. To move a promise is not
    to break it, but it is counted.
    """

    _inherit = 'collection.promise'  # pylint: disable=consider-merging-classes-inherited

    moved_from_id = fields.Many2one(
        'collection.promise',
        string="Moved from",
        readonly=True,
        copy=False,
        index='btree_not_null',
        ondelete='restrict',
        help="The promise this one took over.",
    )
    moved_to_ids = fields.One2many('collection.promise', 'moved_from_id', string="Moved to")
    moved_to_id = fields.Many2one('collection.promise', string="Goes on as", compute='_compute_moved_to_id')
    move_count = fields.Integer("Times moved", compute='_compute_move_count')
    move_text = fields.Char("Moves", compute='_compute_move_count')

    @api.depends('moved_to_ids')
    def _compute_moved_to_id(self):
        for promise in self:
            promise.moved_to_id = promise.moved_to_ids[:1]

    @api.depends('moved_from_id')
    @api.depends_context('lang')
    def _compute_move_count(self):
        """How often, and what was promised first."""
        for promise in self:
            former = promise._get_former()
            promise.move_count = len(former)
            promise.move_text = bool(former) and self._get_move_text(former)

    def _get_former(self):
        """:return: the promises this one was moved from, the latest first"""
        self.ensure_one()
        former, promise = self.browse(), self.moved_from_id
        while promise:
            former += promise
            promise = promise.moved_from_id
        return former

    @api.model
    def _get_move_text(self, former):
        first = former[-1].line_ids.filtered('moved_on') or former[-1].line_ids
        date = format_date(self.env, min(first.mapped('date')))
        if len(former) == 1:
            return self.env._("Moved once, first promised for %s", date)
        if len(former) == 2:
            return self.env._("Moved twice, first promised for %s", date)
        return self.env._("Moved %(times)s times, first promised for %(date)s", times=len(former), date=date)

    def action_move(self, dates, **values):
        """Move what still runs of a promise to other dates, today: it goes on as another promise.

        :param dates: the date of all of it, or a dict {id of a running amount: its date}; those left out keep theirs
        :param values: of the new promise: ``contact_id``, ``channel``, ``payment_means``
        :return: the new promise
        :raise UserError: if the promise has ended, nothing is moved, or the user may not grant it
        :raise AccessError: if it is a plan, for who is no collector
        """
        self.ensure_one()
        self.check_access('write')
        self._check_plan_change()
        self._check_runs()
        lines = self.line_ids.filtered(lambda line: line.state == 'running')
        dates = self._get_moved_dates(lines, dates)
        self._check_move(lines, dates)
        vals = self._prepare_moved(lines, dates) | {
            name: value
            for name, value in values.items()
            if name in ('contact_id', 'channel', 'payment_means') and value
        }
        return self._replace(lines, vals)

    @api.model
    def _get_moved_dates(self, lines, dates):
        """:return: dict {line: new date}"""
        if not isinstance(dates, dict):
            return dict.fromkeys(lines, fields.Date.to_date(dates))
        dates = {int(line_id): date for line_id, date in dates.items()}
        return {line: fields.Date.to_date(dates.get(line.id) or line.date) for line in lines}

    def _check_move(self, lines, dates):
        """:raise UserError: naming what stands against it"""
        if all(dates[line] == line.date for line in lines):
            raise UserError(self.env._("Enter the new date: this is the one that was promised."))
        self._check_move_rights()

    def _check_runs(self):
        """:raise UserError: if it has ended, were it this very day and not yet told by the morning"""
        self.ensure_one()
        self._settle()
        if self.state != 'running':
            raise UserError(
                self.env._("%s has ended already: enter a new promise instead of moving it.", self.display_name)
            )

    def _check_move_rights(self):
        """:raise UserError: when a caller moves a promise once too often (R24)"""
        if self.env.su or self.env.user.has_group(COLLECTOR):
            return
        if self.move_count >= CALLER_MOVES:
            raise UserError(
                self.env._("This promise was moved before: hand the call over to a collector, who may move it again.")
            )

    def _prepare_moved(self, lines, dates):
        """:return: values of the promise that takes over what is left of these lines, as it stands now"""
        self.ensure_one()
        return {
            'partner_id': self.partner_id.id,
            'company_id': self.company_id.id,
            'contact_id': self.contact_id.id,
            'channel': self.channel,
            'payment_means': self.payment_means,
            'line_ids': [
                fields.Command.create(
                    {'move_id': line.move_id.id, 'line_id': line.line_id.id, 'amount': left, 'date': dates[line]}
                )
                for line in lines
                if (left := line._get_left_now())
            ],
        }

    def _replace(self, lines, vals):
        """End some running lines as moved and make the promise that goes on in their place.

        :param lines: running lines of this promise
        :param dict vals: of the new promise
        :return: the new promise
        """
        self.ensure_one()
        internal(lines.sudo()).write({'moved_on': self.company_id._collection_today()})
        # two promises never run on one item: the old one ends first
        self._settle()
        self.filtered(lambda promise: promise.state == 'moved')._withdraw_confirmation()
        model = internal(self.browse())
        promise = model.create(dict(vals, moved_from_id=self.id)).with_env(self.env)
        self._log_on_case({self: self._get_moved_note(lines, promise)})
        return promise

    def _get_moved_note(self, lines, promise):
        old, new = (
            ', '.join(format_date(self.env, date) for date in sorted(set(amounts.mapped('date'))))
            for amounts in (lines, promise.line_ids)
        )
        return self.env._("Promise moved from %(old)s to %(new)s.", old=old, new=new)
