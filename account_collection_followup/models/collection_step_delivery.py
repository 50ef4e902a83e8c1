from odoo import fields, models
from odoo.exceptions import UserError

from .collection_step_letter import OUTCOMES


class CollectionStep(models.Model):
    """What became of a registered letter."""

    _inherit = 'collection.step'  # pylint: disable=consider-merging-classes-inherited

    def action_record_delivery(self, outcome=None, day=None, number=None):
        """Record the number of a registered letter and what became of it.

        :param str outcome: 'received', 'refused' or 'returned'
        :param date day: when
        :raise UserError: when it was not posted, or the day does not fit
        """
        self.ensure_one()
        self = self._check_collector()
        if self.registered_state != 'sent' or not self.posted_on:
            raise UserError(self.env._("%s: no registered letter was posted.", self.display_name))
        if not outcome:
            self.registered_number = number or self.registered_number
            return
        day = fields.Date.to_date(day)
        if not day or not self.posted_on <= day <= self.company_id._collection_today():
            raise UserError(self.env._("The day must lie between the day the letter was posted and today."))
        if outcome not in dict(OUTCOMES):
            raise UserError(self.env._("Say whether the letter was received, refused or returned."))
        comes_back = outcome == 'returned' != self.registered_outcome
        self.write(
            {
                'registered_outcome': outcome,
                'registered_received_on': day,
                'registered_number': number or self.registered_number,
            }
        )
        labels = dict(self._fields['registered_outcome']._description_selection(self.env))
        self.case_id._message_log(
            body=self.env._(
                "Registered letter: %(outcome)s on %(day)s.",
                outcome=labels[outcome],
                day=self.env['collection.letter']._format_day(day),
            )
        )
        if comes_back and self.case_id.state == 'open':
            self._ask_for_address()

    def _ask_for_address(self):
        """A letter that came back reached nobody: who is responsible finds out where the customer is."""
        company = self.company_id
        user = self.case_id.user_id or company.collection_user_id or company.collection_manager_id or self.env.user
        self.case_id.with_context(mail_activity_quick_update=True).activity_schedule(
            'mail.mail_activity_data_todo',
            date_deadline=company._collection_today(),
            summary=self.with_context(lang=user.lang or self.env.lang).env._("Find the address: the letter came back"),
            user_id=user.id,
        )
