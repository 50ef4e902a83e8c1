from odoo import Command, api, models
from odoo.tools import SQL

from .collection_fact import internal


class CollectionCase(models.Model):
    """A customer who goes over to another one takes his conversation along.

    He was merged with him, or put under him as his parent company: from then on his
    invoices are the other's, and so are steps, holds, promises, disputes and calls.
    The other way round, a contact that leaves its parent company starts anew: what was
    said was said to the company, and stays there.
    """

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _move_history(self, sources, customer):
        """Give everything that was done with some customers to another one.

        :param sources: ``res.partner``, customers until now
        :param customer: ``res.partner``, who answers for them from now on
        """
        self._merge_open(sources, customer)
        self.env.flush_all()
        for model in self._get_models_of_customers():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET partner_id = %s WHERE partner_id = ANY(%s)",
                    SQL.identifier(model._table),
                    customer.id,
                    sources.ids,
                )
            )
        self.env.invalidate_all()
        self._mark_moved(customer)

    @api.model
    def _mark_moved(self, customer):
        roots = self.env['res.company'].sudo().search([('parent_id', '=', False)])
        self._mark_dirty(customer.ids, roots.ids, later=True)

    @api.model
    def _get_models_of_customers(self):
        """:return: the models of the desk whose records belong to a customer"""
        return [
            model
            for name, model in self.env.items()
            if name.startswith('collection.')
            and model._auto
            and not model._abstract
            and not model._transient
            and 'partner_id' in model._fields
            and model._fields['partner_id'].store
        ]

    @api.model
    def _merge_open(self, sources, customer):
        """Move what hangs on the open cases of ``sources`` to the one that stays, and close them:
        a customer has one open case per company."""
        cases = self.sudo().search([('partner_id', 'in', (sources | customer).ids), ('state', '=', 'open')])
        for company_cases in cases.grouped('company_id').values():
            ordered = company_cases.sorted(lambda case: (case.partner_id != customer, case.id))
            kept, others = ordered[:1], ordered[1:]
            if others:
                self.env.flush_all()
                kept._take_over(others)
                self.env.invalidate_all()
                others.write({'state': 'closed', 'closed_on': kept.company_id._collection_today()})
                others._message_log_batch(
                    bodies={
                        other.id: self.env._("Merged with the case of %s.", customer.display_name) for other in others
                    }
                )

    def _keep_one_call(self, others):
        """A customer has one planned call (R8): that of a message before others, then the earliest. It takes over what
        the others were about."""
        calls = internal(self.env['collection.call'].sudo()).search(
            [('case_id', 'in', (self | others).ids), ('state', '=', 'planned')]
        )
        ordered = calls.sorted(lambda call: (not call.step_id, call.case_id != self, call.planned_on, call.id))
        kept, dropped = ordered[:1], ordered[1:]
        if dropped:
            dropped.write({'state': 'cancelled'})
            kept.write(
                {
                    'planned_on': min(calls.mapped('planned_on')),
                    'purpose': 'collection' if 'collection' in calls.mapped('purpose') else kept.purpose,
                    'note': '\n'.join(filter(None, ordered.mapped('note'))),
                    'move_ids': [Command.link(move.id) for move in dropped.move_ids],
                }
            )
            self.env.flush_all()

    def _take_over(self, others):
        """Move facts, messages and activities of other cases to this one, in SQL."""
        self._keep_one_call(others)
        self._keep_motive(others)
        for model in self.env.values():
            if model._auto and not model._abstract:
                for field in model._fields.values():
                    if field.type == 'many2one' and field.store and field.comodel_name == 'collection.case':
                        self.env.cr.execute(self._get_take_over_query(model, field.name, others))
        for table, column in (
            ('mail_message', 'model'),
            ('mail_activity', 'res_model'),
            ('ir_attachment', 'res_model'),
        ):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET res_id = %s WHERE %s = 'collection.case' AND res_id = ANY(%s)",
                    SQL.identifier(table),
                    self.id,
                    SQL.identifier(column),
                    others.ids,
                )
            )

    def _get_take_over_query(self, model, column, others):
        """Of several messages of a kind that left on the same day the first one moves, and the others stay
        where they are: the key forbids two. Those cancelled or from the start are no messages."""
        condition = SQL()
        if model._name == 'collection.step':
            condition = SQL(
                """ AND (t.cancelled IS TRUE OR t.takeover IS TRUE OR t.id IN (
                      SELECT DISTINCT ON (date, track) id FROM collection_step
                       WHERE case_id = ANY(%s) AND cancelled IS NOT TRUE AND takeover IS NOT TRUE
                       ORDER BY date, track, case_id = %s DESC, id))""",
                (self | others).ids,
                self.id,
            )
        return SQL(
            "UPDATE %(table)s t SET %(column)s = %(kept)s WHERE t.%(column)s = ANY(%(others)s)%(condition)s",
            table=SQL.identifier(model._table),
            column=SQL.identifier(column),
            kept=self.id,
            others=others.ids,
            condition=condition,
        )
