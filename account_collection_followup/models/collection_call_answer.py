from odoo import api, fields, models

from .collection_call import PURPOSES
from .collection_script_line import KINDS

CHOICES = [('yes', "Yes"), ('no', "No"), ('na', "Does not apply")]


class CollectionCallAnswer(models.Model):
    """What a customer answered to a question of a call script (R6).

    Kept as it was asked: the question in the words and the language of who asked, however the script changes later.
    Written by :meth:`collection.call._record_answers` only, and never changed.
    """

    _name = 'collection.call.answer'
    _description = "Answer in a Call"
    _inherit = ['collection.fact']
    _order = 'made_on desc, id'

    _guarded_fields = frozenset(
        {
            'call_id',
            'script_line_id',
            'purpose',
            'kind',
            'rated',
            'question',
            'choice',
            'note',
            'team_id',
            'user_id',
            'made_on',
        }
    )

    call_id = fields.Many2one('collection.call', required=True, index=True, ondelete='cascade', readonly=True)
    script_line_id = fields.Many2one(
        'collection.script.line', string="Step", index='btree_not_null', ondelete='set null', readonly=True
    )
    purpose = fields.Selection(PURPOSES, required=True, readonly=True, help="Of the script the question is from.")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    rated = fields.Boolean(readonly=True, help="Says how we are judged: counts in the satisfaction report.")
    question = fields.Char(required=True, readonly=True)
    choice = fields.Selection(CHOICES, string="Answer", readonly=True)
    note = fields.Text(readonly=True)
    team_id = fields.Many2one('collection.team', string="Department", readonly=True)
    user_id = fields.Many2one('res.users', string="Asked by", index='btree_not_null', readonly=True)
    made_on = fields.Date("Asked on", required=True, index=True, readonly=True)

    @api.depends('question', 'choice')
    def _compute_display_name(self):
        choices = dict(self._fields['choice']._description_selection(self.env))
        for answer in self:
            answer.display_name = ' '.join(filter(None, [answer.question, choices.get(answer.choice)]))
