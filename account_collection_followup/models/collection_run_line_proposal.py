from odoo import fields, models
from odoo.exceptions import UserError


class CollectionRunLine(models.Model):
    """Since when a message waits for a person, and the collector's proposal to hand over (R48).

    The run of the next day takes both over from the line it replaces.
    """

    _inherit = 'collection.run.line'  # pylint: disable=consider-merging-classes-inherited

    proposed_since = fields.Date("Waiting since", help="The first run that proposed this message.")
    proposed_by_id = fields.Many2one('res.users', "Proposed by", ondelete='set null')
    proposed_on = fields.Date("Proposed on", help="When the collector proposed the hand-over.")
    proposal_note = fields.Char("Proposal", help="Why the collector proposes it.")

    _decide_idx = models.Index("(company_id) WHERE mode = 'decide'")

    # ------------------------------------------------------------------
    # The collector's proposal
    # ------------------------------------------------------------------

    def action_propose(self, note=None):
        """The collector proposes the hand-over to litigation; the collections manager finds it on his to-do list.

        :param str note: why; asked for if it is missing
        :raise UserError: if a line is no hand-over that waits for the manager
        """
        self.run_id._check_collector()
        self._check_today()
        if left_out := self.filtered(lambda line: line.mode == 'decide' and line.state == 'skipped')[:1]:
            raise UserError(
                self.env._(
                    "%(user)s left %(customer)s out today: the next run puts it before the collections manager again.",
                    user=left_out.decided_by_id.name or self.env._("The collections manager"),
                    customer=left_out.partner_id.name,
                )
            )
        if any(line.mode != 'decide' or line.state != 'proposed' for line in self):
            raise UserError(self.env._("Only a hand-over to litigation that waits for a decision can be proposed."))
        if not note:
            return {
                'type': 'ir.actions.act_window',
                'res_model': 'collection.reason',
                'name': self.env._("Propose litigation"),
                'views': [(False, 'form')],
                'target': 'new',
                'context': {'default_purpose': 'propose', 'default_run_line_ids': self.ids},
            }
        for company, lines in self.sudo().grouped('company_id').items():
            lines.write(
                {
                    'proposed_by_id': self.env.user.id,
                    'proposed_on': company._collection_today(),
                    'proposal_note': note,
                }
            )
            cases = self.env['collection.case'].sudo()._open_for(lines.partner_id, company)
            lines._log_proposal(cases)
            self.env['collection.case'].union(*cases.values()).sudo()._update_decision_activities()
        return True

    def _log_proposal(self, cases):
        bodies = {
            cases[line.partner_id].id: self.env._(
                "%(user)s proposes %(level)s: %(note)s",
                user=self.env.user.name,
                level=line.level_id.name,
                note=line.proposal_note,
            )
            for line in self
        }
        self.env['collection.case'].browse(bodies).sudo()._message_log_batch(
            bodies=bodies, author_id=self.env.user.partner_id.id
        )

    # ------------------------------------------------------------------
    # The manager's decision
    # ------------------------------------------------------------------
    def _update_decision_activities(self):
        """What is decided leaves the manager's to-do list."""
        for company, lines in self.sudo().filtered('proposed_by_id').grouped('company_id').items():
            cases = self.env['collection.case'].sudo()
            domain = [('partner_id', 'in', lines.partner_id.ids), ('company_id', '=', company.id)]
            cases.search([*domain, ('state', '=', 'open')])._update_decision_activities()
