from odoo import api, models


class CollectionStep(models.Model):
    """Steps whose call cannot be made because nobody may be called (R66)."""

    _inherit = 'collection.step'  # pylint: disable=consider-merging-classes-inherited

    def _call_impossible(self, reason):
        """Record that nobody may be called. A step with another means goes on without its call; one that has none
        waits for somebody: the ladder does not rise on a silence of ours.

        :param str reason: why, in words
        """
        for step in self:
            written = any(step[f'{means}_state'] in ('todo', 'sent') for means in ('email', 'letter', 'registered'))
            step.write(
                {
                    'call_state': 'waived' if written else 'failed',
                    'failure': ' '.join(filter(None, [step.failure, reason])),
                }
            )
        self._mark_dirty()


class CollectionStepBuilder(models.AbstractModel):
    """Whom the call of a step goes to: the role its level names, among those who may be called (R20, R66)."""

    _inherit = 'collection.step.builder'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _get_callees(self, steps):
        """:return: dict step → recipients of its level's roles by telephone"""
        result = {}
        for level, group in steps.grouped('level_id').items():
            found = group.partner_id._get_collection_recipients(level.recipient_role_ids, need='phone')
            result.update({step: found[step.partner_id] for step in group})
        return result

    @api.model
    def _drop_mute(self, callees):
        """Record of the steps for which nobody may be called that they go without a call.

        :param dict callees: see :meth:`_get_callees`
        :return: the other steps
        """
        mute = self.env['collection.step'].union(*(step for step, callee in callees.items() if not callee.contacts))
        for step in mute:
            step._call_impossible(callees[step].problem)
        return self.env['collection.step'].union(*callees) - mute
