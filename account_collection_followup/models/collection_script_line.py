from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .collection_call import REACHED

KINDS = [('say', "Say"), ('ask', "Ask"), ('evasive', "He says…")]
#: what an answer typed into a step is kept as, of the contact who is called
CONTACT_FIELDS = [('function', "Job position"), ('email', "E-mail"), ('phone', "Phone")]


class CollectionScriptLine(models.Model):
    """A step of a call script: something to say, a question with yes and no, or an evasive phrase of the customer with
    the question to ask back (R3, R26, R28).

    A gated question is asked only if every question before it was answered well (R4).
    """

    _name = 'collection.script.line'
    _description = "Step of a Call Script"
    _order = 'sequence, id'

    script_id = fields.Many2one('collection.script', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='script_id.company_id', store=True, index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean("In use", default=True, help="Out of use, it is not shown; answers given are kept.")
    kind = fields.Selection(KINDS, required=True, default='say')
    name = fields.Char("In short", required=True, translate=True, help="The step, the question or the phrase.")
    text = fields.Text("Words", translate=True, help="What to say or to ask, in full sentences.")
    gated = fields.Boolean(
        "Only if all is well", help="Asked only if every question before it was answered with yes, or does not apply."
    )
    can_skip = fields.Boolean("May not apply", help="Offers a third answer beside yes and no.")
    yes_result = fields.Selection(
        REACHED, string="Result if yes", help="Result proposed when the answer is yes, or when the customer says this."
    )
    no_result = fields.Selection(
        REACHED, string="Result if no", help="Result proposed when the answer is no and no dispute is opened."
    )
    dispute_type_id = fields.Many2one(
        'collection.dispute.type',
        string="Dispute if no",
        ondelete='restrict',
        help="A no opens a dispute of this type. Leave empty for a question that opens none.",
    )
    team_id = fields.Many2one(
        'collection.team',
        string="Department",
        compute='_compute_team_id',
        store=True,
        readonly=False,
        help="Whose work the customer judges here: for the satisfaction report.",
    )
    contact_field = fields.Selection(
        CONTACT_FIELDS, string="Note is kept as", help="What is noted here is kept on the contact, too."
    )

    @api.depends('dispute_type_id')
    def _compute_team_id(self):
        for line in self:
            line.team_id = line.team_id or line.dispute_type_id.team_id

    @api.constrains('kind', 'text', 'yes_result')
    def _check_evasive(self):
        for line in self.filtered(lambda line: line.kind == 'evasive'):
            if not (line.text or '').strip():
                raise ValidationError(self.env._("Say what to ask back when the customer says “%s”.", line.name))

    @api.constrains('dispute_type_id', 'script_id')
    def _check_companies(self):
        for line in self:
            owner = line.dispute_type_id.company_id | line.team_id.company_id
            if owner and owner != line.script_id.company_id:
                raise ValidationError(
                    self.env._("%s: its dispute type or department belongs to another company.", line.name)
                )

    def _is_positive(self, choice):
        """:return: whether an answer leaves a gated question open (R4)"""
        return choice in ('yes', 'na')

    def _is_rating(self):
        """:return: whether the answer says how we are judged; the payment is no such question (R6)"""
        self.ensure_one()
        return self.script_id.purpose == 'satisfaction' and self.kind == 'ask' and not self.gated
