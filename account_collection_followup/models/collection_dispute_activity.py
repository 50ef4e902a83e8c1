from markupsafe import Markup

from odoo import models


class CollectionDispute(models.Model):
    """On whose list a dispute is, and who is told (R12, R13, R19).

    Its owner answers it; once he has marked his activity done, the responsible of the case closes it. The sales
    rep of the customer has an activity of his own when another one solves it: he stands in front.
    """

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    def _get_wanted_activities(self):
        # EXTENDS collection.activity.mixin
        kinds = {
            name: self.env.ref(f'account_collection_followup.activity_type_{name}').id
            for name in ('dispute', 'dispute_customer', 'dispute_close', 'dispute_qualify', 'dispute_escalated')
        }
        done = {(act.res_id, act.user_id.id, act.activity_type_id.id) for act in self._get_activities(active=False)}
        result = {}
        for dispute in self.filtered(lambda dispute: dispute.state == 'open'):
            wanted = dispute._get_listed(lambda user, kind, dispute=dispute: (dispute.id, user.id, kinds[kind]) in done)
            result[dispute] = [
                {
                    'user_id': user.id,
                    'activity_type_id': kinds[kind],
                    'date_deadline': dispute.deadline or dispute.opened_on,
                }
                for user, kind in wanted.items()
                if user
            ]
        return result

    def _get_listed(self, is_done):
        """Who has this open dispute on his list, and what for: each user once.

        :param is_done: called with a user and a kind, tells whether he has done it
        :return: dict {user: kind of activity}
        """
        owner, closer, rep = self._get_owner(), self._get_closer(), self._get_rep()
        if not self.qualified_on:
            wanted = {closer: 'dispute_qualify'}
        elif self.proposed_outcome or is_done(owner, 'dispute'):
            wanted = {closer: 'dispute_close'}
        else:
            wanted = {owner: 'dispute'}
        if rep not in (owner, closer) and not is_done(rep, 'dispute_customer'):
            wanted[rep] = 'dispute_customer'
        told = self._get_told()
        if 'dispute_close' in wanted.values():
            # what the team has answered waits for who closes it
            told -= self._get_lead()
        for user in told:
            if not is_done(user, 'dispute_escalated'):
                wanted.setdefault(user, 'dispute_escalated')
        return wanted

    def _get_owner(self):
        """:return: who has to answer the dispute: its owner while he is here, else who closes it"""
        self.ensure_one()
        return self.user_id.filtered('active') or self._get_closer()

    def _get_closer(self):
        """:return: who closes the dispute once it is answered: the responsible of the case, else the company's"""
        self.ensure_one()
        return self.env['res.partner']._get_collection_responsible(self.case_id, self.company_id) or self.user_id

    def _get_rep(self):
        """:return: the sales rep in front of the customer while he can open the dispute, else nobody"""
        self.ensure_one()
        return self.env['res.partner']._get_usable_user(self.sudo().rep_id)

    # ------------------------------------------------------------------
    # Trace on the customer
    # ------------------------------------------------------------------
    def _log_opened(self):
        self._log_around({dispute: self.env._("Dispute opened.") for dispute in self})

    def _log_closed(self):
        labels = dict(self._fields['outcome']._description_selection(self.env))
        self._log_around(
            {dispute: self.env._("Dispute closed: %(outcome)s.", outcome=labels[dispute.outcome]) for dispute in self}
        )

    def _log_around(self, sentences):
        """Note what became of disputes where colleagues look: on the customer and on the invoices (R13).

        :param dict sentences: {dispute: what happened, in words}
        """
        bodies = {dispute: Markup("%s %s") % (dispute._get_trace(), said) for dispute, said in sentences.items()}
        self._log_on_customer(bodies)
        for dispute, body in bodies.items():
            if dispute.company_id.sudo().collection_log_invoices:
                moves = dispute.sudo().line_ids.move_id
                moves._message_log_batch(bodies=dict.fromkeys(moves.ids, body), author_id=self.env.user.partner_id.id)

    def _get_trace(self):
        """:return: type and invoices of the dispute, without amounts"""
        self.ensure_one()
        dispute = self.sudo()
        names = sorted({name for name in dispute.line_ids.move_id.mapped('name') if name})
        return Markup("%s (%s).") % (dispute._get_html_link(title=dispute.type_id.name), ', '.join(names))
