from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from .collection_step import MEANS

PAPER = ('letter', 'registered')
WAITING = ('todo', 'failed')
OUTCOMES = [
    ('received', "Received"),
    ('refused', "Refused"),
    ('returned', "Returned, not delivered"),
]


class CollectionStep(models.Model):
    """The letter of a step: printed, posted, and, if registered, received.

    Printing writes the letter for that day: its text with the date it gives, and the
    address. It may be printed again, with new dates, until it is marked posted; from
    then on it stays as it left (R56). The date given is the one of the step's e-mail if
    that left or is about to, else the letter's, fixed by posting (R49).
    """

    _inherit = 'collection.step'  # pylint: disable=consider-merging-classes-inherited

    letter_html = fields.Html("Letter as printed", readonly=True, copy=False, sanitize=False, prefetch=False)
    letter_address = fields.Text("Address", readonly=True, copy=False, help="As printed on the letter.")
    letter_text = fields.Html("Letter text", compute='_compute_letter_text', sanitize=False)
    letter_waits = fields.Boolean("Letter to post", compute='_compute_letter_waits')
    letter_means = fields.Char("By", compute='_compute_letter_means')
    letter_remark = fields.Char(
        "Remark",
        compute='_compute_letter_remark',
        help="Why the letter was set aside, or should not leave as things stand now.",
    )
    letter_reference = fields.Char(
        "Our reference",
        compute='_compute_letter_reference',
        search='_search_letter_reference',
        help="Stands on the letter; a customer may quote it.",
    )
    printed_on = fields.Date("Printed on", readonly=True, copy=False, help="The day the letter is dated.")
    posted_on = fields.Date("Posted on", readonly=True, copy=False)
    registered_number = fields.Char("Registered number", readonly=True, copy=False)
    registered_outcome = fields.Selection(OUTCOMES, "Outcome", readonly=True, copy=False)
    registered_received_on = fields.Date("Outcome on", readonly=True, copy=False)

    @api.depends('cancelled', 'letter_state', 'registered_state')
    def _compute_letter_waits(self):
        for step in self:
            step.letter_waits = not step.cancelled and any(step[f'{means}_state'] in WAITING for means in PAPER)

    @api.depends('registered_state')
    @api.depends_context('lang')
    def _compute_letter_means(self):
        for step in self:
            step.letter_means = (
                self.env._("Registered letter") if step.registered_state != 'none' else self.env._("Letter")
            )

    @api.depends('letter_waits', 'letter_state', 'registered_state', 'printed_on', 'failure')
    def _compute_letter_remark(self):
        # asked of the plan now, once for all of them
        outdated = self.filtered('letter_waits').sudo()._get_letter_outdated()
        for step in self:
            reason = outdated.get(step.sudo())
            if reason and step.printed_on:
                reason = self.env._("Do not post: %(reason)s", reason=reason)
            failed = step.letter_waits and 'failed' in (step.letter_state, step.registered_state)
            step.letter_remark = reason or (failed and step.failure)

    def _compute_letter_reference(self):
        for step in self:
            step.letter_reference = f'L{step.id or 0:06d}'

    @api.model
    def _search_letter_reference(self, operator, value):
        if operator not in ('=', 'in', 'ilike', '=ilike'):
            return NotImplemented
        quoted = value if operator == 'in' else [value]
        numbers = [str(text).strip().upper().removeprefix('L') for text in quoted]
        return [('id', 'in', [int(number) for number in numbers if number.isdecimal()])]

    @api.depends('letter_html')
    def _compute_letter_text(self):
        """The letter as it was printed, else as it would be printed today."""
        for step in self:
            try:
                step.letter_text = step._get_letter_to_print()
            except UserError as error:
                # the form of the step still opens
                step.letter_text = Markup("<div class='alert alert-danger'>%s</div>") % error

    # ------------------------------------------------------------------
    # Print
    # ------------------------------------------------------------------
    def action_print(self):
        """Write and print the letters of these steps, or all not printed yet if there are none: one file, in this order.

        Printed again before it is posted a letter gets new dates: that takes a choice. A letter whose reason has gone
        is taken back; one that cannot be written is set aside. The user is told which.

        :return: the action that downloads the file
        :raise UserError: when nothing can be printed
        """
        self._check_collector()
        steps = (self or self._search_unprinted()).sudo()
        self._check_printer()
        problems = steps.filtered('letter_waits')._prepare_letters()
        ready = steps.filtered(lambda step: step.letter_html and not step.cancelled and step not in problems)
        steps._mark_dirty()
        return ready._get_print_action(problems)

    @api.model
    def _search_unprinted(self):
        steps = self.search(self._get_letter_domain(), order='date, id')
        unprinted = steps.filtered(lambda step: not step.printed_on)
        if steps and not unprinted:
            raise UserError(self.env._("All letters are printed. Select those to print again, with new dates."))
        return unprinted

    @api.model
    def _get_letter_domain(self):
        """:return: the steps whose letter is still to be posted"""
        return [
            ('cancelled', '=', False),
            ('takeover', '=', False),
            '|',
            ('letter_state', 'in', WAITING),
            ('registered_state', 'in', WAITING),
        ]

    @api.model
    def _check_printer(self):
        if self.env['ir.actions.report'].get_wkhtmltopdf_state() in ('install', 'broken'):
            raise UserError(
                self.env._(
                    "Letters cannot be printed: the program wkhtmltopdf is missing on the server. "
                    "Ask your administrator to install it."
                )
            )

    def _prepare_letters(self):
        """Write the letters that may leave today and set the others aside.

        :return: dict step → why its letter is not printed
        """
        problems = self._get_letter_outdated()
        for step, reason in problems.items():
            step._withdraw_letter(reason)
        for company, steps in (self - self.browse().union(*problems)).grouped('company_id').items():
            failures = steps._write_letters(company._collection_today())
            for step, reason in failures.items():
                step._fail_letter(reason)
            problems.update(failures)
        return problems

    def _get_letter_outdated(self):
        """:return: dict step → why its letter must not leave any more, asked of the plan now"""
        outdated = self._get_changed()
        for step in self.filtered(lambda step: step.date_given and step._is_dated()):
            if step.date_given <= step.company_id._collection_today():
                outdated.setdefault(
                    step, self.env._("The date given leaves no time (record the failure and the ladder goes on)")
                )
        return outdated

    def _withdraw_letter(self, reason):
        """The letter is not needed any more: the step is taken back, or, if part of it is done, left to a person."""
        self.ensure_one()
        if 'sent' in (self.email_state, self.call_state):
            self._fail_letter(reason)
        else:
            self._take_back(reason)

    def _fail_letter(self, reason):
        self.ensure_one()
        self._set_letter_state('failed')
        self.failure = reason

    def _set_letter_state(self, state):
        for means in PAPER:
            self.filtered(lambda step, means=means: step[f'{means}_state'] in WAITING)[f'{means}_state'] = state

    def _get_print_action(self, problems):
        """:return: the action that downloads the letters, after telling what is not among them"""
        if not self and not problems:
            raise UserError(self.env._("No letter waits to be printed."))
        download = self.env.ref('account_collection_followup.action_report_letter').report_action(self, config=False)
        if not problems:
            return dict(download, close_on_report_download=True)
        by_reason = {}
        for step, reason in problems.items():
            by_reason.setdefault(reason, []).append(step.partner_id.display_name)
        reasons = ' '.join(f"{reason}: {', '.join(names)}." for reason, names in by_reason.items())
        title = self.env._("Printed: %(printed)s. Not printed: %(aside)s", printed=len(self), aside=len(problems))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'warning',
                'sticky': True,
                'title': title,
                'message': reasons,
                'next': download if self else {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def action_download_letter(self):
        """Download these letters as they were printed, without changing them.

        :raise UserError: when none of them was printed
        """
        self.check_access('read')
        self._check_printer()
        printed = self.filtered('printed_on')
        if not printed:
            raise UserError(self.env._("None of these letters was printed."))
        return self.env.ref('account_collection_followup.action_report_letter').report_action(printed, config=False)

    def _get_letter_file_name(self):
        self.ensure_one()
        return self.env._(
            "Letter %(reference)s %(customer)s", reference=self.letter_reference, customer=self.partner_id.name
        )

    # ------------------------------------------------------------------
    # Post
    # ------------------------------------------------------------------
    def action_open_post(self):
        """Ask when the letters of these steps were posted; all that wait if there are none."""
        self._check_collector()
        steps = self or self.search(self._get_letter_domain(), order='date, id')
        return self.env['collection.post']._open_for(steps.sudo().filtered('letter_waits'))

    def action_posted(self, day=None, numbers=None):
        """Record that the letters left on ``day`` (default today); fixes the date given and the letter as it is.

        A letter that was not printed here is written for that day.

        :param dict numbers: {step id: number of the registered letter}, where known
        :raise UserError: when there is no letter to post, or it was printed too long ago
        """
        self = self._check_collector()
        day = fields.Date.to_date(day) or self.company_id[:1]._collection_today()
        for step in self:
            if problem := step._get_post_problem(day):
                raise UserError(step._say(problem))
        errors = self.filtered(lambda step: not step.letter_html)._write_letters(day, anywhere=True)
        for step, error in errors.items():
            raise UserError(step._say(error))
        for step in self:
            step._fix_letter_date()
        self._set_letter_state('sent')
        self.posted_on = day
        for step_id, number in (numbers or {}).items():
            self.filtered(lambda step, step_id=step_id: step.id == int(step_id)).registered_number = number
        self.filtered(lambda step: step.email_state != 'failed').failure = False
        self._log_posted(day)
        self._mark_dirty()

    def _say(self, problem):
        return self.env._("%(step)s: %(problem)s", step=self.display_name, problem=problem)

    def _get_post_problem(self, day):
        """:return: why this letter cannot have been posted on a day, or None"""
        self.ensure_one()
        today = self.company_id._collection_today()
        if not self.letter_waits:
            return self.env._("there is no letter to post.")
        if 'failed' in (self.letter_state, self.registered_state) and not self.printed_on:
            return self.env._(
                "the letter was never written: %s. Mend that and print it, or record the failure.",
                (self.failure or self.env._("no reason given")).rstrip('.'),
            )
        if day > today:
            return self.env._("a letter cannot be posted in the future.")
        if day < self.date:
            return self.env._(
                "its message is of %s: the letter cannot have been posted before.",
                self.env['collection.letter']._format_day(self.date),
            )
        if self.printed_on and day < self.printed_on:
            return self.env._("the letter was printed after that day.")
        working = self.env['collection.holiday']._working_days(self.company_id)
        days = self.level_id.policy_id.letter_days
        if not self.printed_on and today > working.add(day, days):
            return self.env._(
                "it was not printed here, and that day is more than %s working days ago. Print it: its dates are too old.",
                days,
            )
        if self.printed_on and day > working.add(self.printed_on, days):
            return self.env._(
                "printed more than %s working days before it was posted. Print it again: its dates are too old.", days
            )
        return self._get_time_problem(day)

    def _get_time_problem(self, day):
        """:return: why a letter posted on a day comes too late for the date it names, or None (R49)"""
        given = self.date_given if self.printed_on else self._get_date_given(day)
        if not given or day < given:
            return None
        given = self.env['collection.letter']._format_day(given)
        if self._is_dated():
            return self.env._(
                "posted on that day it leaves no time until %s, the date given. Record the failure and the ladder goes on.",
                given,
            )
        return self.env._(
            "posted on that day it leaves no time until %s, the date it names. Print it again, with a new date.", given
        )

    def _is_dated(self):
        """:return: whether the date given is fixed already, by an e-mail that left or is about to, by an earlier letter
        or by the call; a hand-over has none, and its day is fixed"""
        self.ensure_one()
        return bool(self.act_on) and (
            self.track == 'litigation'
            or self.email_state == 'todo'
            or 'sent' in {self[f'{means}_state'] for means in MEANS}
        )

    def _fix_letter_date(self):
        """What the letter says is what counts."""
        self.ensure_one()
        if not self._is_dated():
            working = self.env['collection.holiday']._working_days(self.company_id)
            self.act_on = working.add(self.date_given, self._get_act_days())

    def _log_posted(self, day):
        posted = self.env['collection.letter']._format_day(day)
        self._log_on_cases(
            {
                step: self.env._(
                    "%(means)s posted on %(day)s.",
                    means=' '.join(filter(None, [step.letter_means, step.registered_number])),
                    day=posted,
                )
                for step in self
            }
        )

    def _log_recalled(self, reason):
        """What is printed and not posted must not be posted any more: nobody else calls the paper back."""
        self._log_on_cases(
            {
                step: self.env._(
                    "The printed letter of %(level)s of %(day)s must not be posted: %(reason)s",
                    level=step.level_id.name,
                    day=self.env['collection.letter']._format_day(step.printed_on),
                    reason=reason,
                )
                for step in self.filtered(lambda step: step.printed_on and step.letter_waits)
            }
        )

    @api.model
    def _log_on_cases(self, texts):
        """One note per case, with a line for each of its steps (R56).

        :param dict texts: step → what is noted of it
        """
        bodies = {}
        for step, text in texts.items():
            bodies.setdefault(step.case_id.id, []).append(text)
        if bodies:
            self.env['collection.case'].browse(bodies)._message_log_batch(
                bodies={case_id: Markup('<br/>').join(lines) for case_id, lines in bodies.items()}
            )
