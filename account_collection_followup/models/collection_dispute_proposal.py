from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from .collection_dispute import OUTCOMES
from .collection_fact import internal


class CollectionDispute(models.Model):
    """The outcome that who solves a dispute proposes, with its proof (R14, R16). The closer starts from it."""

    _inherit = 'collection.dispute'  # pylint: disable=consider-merging-classes-inherited

    proposed_outcome = fields.Selection(OUTCOMES, readonly=True, copy=False)
    proposed_amount = fields.Monetary(readonly=True, copy=False, help="What should be credited.")
    proposed_text = fields.Text("What was found so far", readonly=True, copy=False)
    proposed_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    proposed_on = fields.Date(readonly=True, copy=False)
    proposal = fields.Char("Proposed", compute='_compute_proposal', help="Who proposes what, in words.")

    def _compute_proposal(self):
        for dispute in self:
            dispute.proposal = dispute._get_proposal_words() if dispute.proposed_outcome else False

    def _get_proposal_words(self):
        label = dict(self._fields['outcome']._description_selection(self.env))[self.proposed_outcome]
        if self.proposed_outcome == 'partly':
            label = self.env._(
                "%(outcome)s, %(amount)s", outcome=label, amount=self.currency_id.format(self.proposed_amount)
            )
        return self.env._("%(user)s proposes: %(outcome)s", user=self.sudo().proposed_by_id.name, outcome=label)

    def action_propose(self, outcome=None, text=None, amount=0.0, attachment_ids=(), cause_id=None):
        """Propose how an open dispute ends: it leaves the owner's list and comes to who closes it.

        :param str outcome: accepted, partly, rejected or withdrawn; asked for in a dialog if it is missing
        :param str text: what was found, facts only
        :param float amount: what should be credited, where it is accepted in part, in the currency of the dispute
        :param attachment_ids: the user's own files that prove it
        :param int cause_id: the root cause, where it was found
        :return: the dialog, or True
        :raise AccessError: if the dispute is not the user's to solve
        :raise UserError: if it is closed, nothing was found, or the amount is not a part of what is contested
        """
        self.ensure_one()
        self._check_may_solve()
        if outcome is None:
            action = self.env['ir.actions.act_window']._for_xml_id(
                'account_collection_followup.collection_dispute_propose_action'
            )
            return dict(action, context={'default_dispute_id': self.id})
        self._check_proposal(outcome, text, amount)
        if waiting := self._get_answered_activities().get(self):
            # keeps the text in the chatter as well
            waiting._action_done(feedback=text.strip())
        internal(self.sudo()).write(self._prepare_proposal(outcome, text.strip(), amount, cause_id))
        self._activity_update()
        said = Markup("<b>%s</b>") % self._get_proposal_words()
        self._post_proof(said if waiting else Markup("%s<br/>%s") % (said, text.strip()), attachment_ids)
        return True

    def _check_proposal(self, outcome, text, amount):
        if outcome not in dict(OUTCOMES):
            raise UserError(self.env._("Choose an outcome: accepted, partly accepted, rejected or withdrawn."))
        if not (text or '').strip():
            raise UserError(self.env._("Say what was found."))
        if outcome != 'partly':
            return
        if not self.currency_id:
            raise UserError(self.env._("The invoices are in several currencies: write the amounts in what was found."))
        if not 0 < self.currency_id.round(amount) < self.amount:
            raise UserError(
                self.env._(
                    "Accepted in part: choose an amount between zero and %s.", self.currency_id.format(self.amount)
                )
            )

    def _prepare_proposal(self, outcome, text, amount, cause_id):
        cause = {'cause_id': cause_id} if cause_id else {}
        return cause | {
            'proposed_outcome': outcome,
            'proposed_amount': amount if outcome == 'partly' else self.amount if outcome == 'accepted' else 0.0,
            'proposed_text': text,
            'proposed_by_id': self.env.user.id,
            'proposed_on': self.company_id._collection_today(),
        }

    def _prepare_no_proposal(self):
        return dict.fromkeys(
            ('proposed_outcome', 'proposed_amount', 'proposed_text', 'proposed_by_id', 'proposed_on'), False
        )

    # ------------------------------------------------------------------
    # Proof
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        for dispute in disputes:
            dispute._adopt(dispute.attachment_ids)
        return disputes

    def write(self, vals):
        result = super().write(vals)
        if 'attachment_ids' in vals:
            for dispute in self:
                dispute._adopt(dispute.attachment_ids)
        return result

    def _adopt(self, files):
        """Who may read the dispute may read the files its users added to it, and no others of theirs."""
        loose = files.sudo().filtered(lambda file: not file.res_id and file.create_uid == self.env.user)
        loose.write({'res_model': self._name, 'res_id': self.id})

    def _post_proof(self, body, attachment_ids=()):
        """Note what was found in the chatter of the dispute, with the files that prove it.

        :param attachment_ids: files of the user; of those that belong to no record yet the dispute becomes the record
        """
        self.ensure_one()
        files = self.env['ir.attachment'].browse(attachment_ids)
        files.check_access('read')
        self._adopt(files)
        self.message_post(body=body, attachment_ids=files.ids, subtype_xmlid='mail.mt_note')
