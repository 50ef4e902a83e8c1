from odoo import models


class CollectionCase(models.Model):
    """What the sentence of the case says besides the plan: the next instalment, disputes that hold nothing back."""

    _inherit = 'collection.case'  # pylint: disable=consider-merging-classes-inherited

    def _get_sentence(self):
        # EXTENDS
        return '\n'.join(
            filter(None, [super()._get_sentence(), self._say_next_instalment(), self._say_idle_disputes()])
        )

    def _say_next_instalment(self):
        """:return: day and amount of the next instalment of a plan that runs, in words, or None"""
        lines = (
            self.sudo().promise_ids.filtered(lambda promise: promise.is_plan and promise.state == 'running').line_ids
        )
        lines = lines.filtered(lambda line: line.state == 'running')
        if not lines:
            return None
        day = min(lines.mapped('date'))
        return self.env._(
            "Next instalment on %(date)s: %(amount)s.",
            date=self.env['collection.run.line']._format_day(day),
            amount=self.env['collection.promise']._format_amounts(
                self.env, lines.filtered(lambda line: line.date == day), 'amount'
            ),
        )

    def _say_idle_disputes(self):
        """:return: how many open disputes hold nothing back, in words, or None (R16)"""
        idle = self.sudo().dispute_ids.filtered(
            lambda dispute: dispute.state == 'open' and not any(dispute.line_ids.mapped('holds'))
        )
        if not idle:
            return None
        if len(idle) == 1:
            return self.env._("1 dispute is open and holds nothing back.")
        return self.env._("%s disputes are open and hold nothing back.", len(idle))
