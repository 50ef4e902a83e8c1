from markupsafe import Markup
from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, models
from odoo.tools import format_date

from .collection_call import CALLER
from .collection_fact import internal


class CollectionStepBuilder(models.AbstractModel):
    """Turns what the plan decided into steps: recipients, senders, frozen items, messages, calls, traces.

    Everything is done for a whole batch at once; hooks named ``_prepare_*`` return the values of one record.
    """

    _name = 'collection.step.builder'
    _description = "Makes Follow-up Steps"

    @api.model
    def _build(self, run_lines, rising, held):
        """Write and send the steps of some run lines of one company.

        :param run_lines: ``collection.run.line``, one per customer and track
        :param rising: dict (customer id, track) → items to ask for
        :param held: dict customer id → items that are not asked for
        :return: the steps, in the order of the lines
        """
        steps = self._create_steps(run_lines, rising, held)
        self._create_calls(steps)
        self._send_emails(steps.filtered(lambda step: step.email_state == 'todo'))
        self._log(steps)
        steps._mark_dirty()
        return steps

    @api.model
    def _preview(self, run_line):
        """:return: the message of a line as the customer would see it; nothing is kept"""
        plan = self.env['collection.plan'].sudo()
        items = plan._plan(run_line.company_id, run_line.date, partners=run_line.partner_id)
        group = [item for item in items if not item.reason and item.track == run_line.track]
        if not group:
            return self._explain_nothing(items)
        if run_line.track == 'litigation':
            return Markup("<p>%s</p>") % self.env._(
                "Nothing is sent to the customer: these items are handed over and leave the ladder."
            )
        return self._render_and_forget(
            run_line,
            {(run_line.partner_id.id, run_line.track): group},
            {run_line.partner_id.id: [item for item in items if item.reason]},
        )

    @api.model
    def _explain_nothing(self, items):
        """:return: why nothing would leave to a customer any more"""
        labels = self.env['collection.run.line']._get_reason_labels()
        reasons = dict.fromkeys(labels.get(item.reason, item.reason) for item in items if item.reason)
        why = ', '.join(reasons) or labels['settled']
        return Markup("<p>%s</p>") % self.env._("Nothing would leave any more: %s.", why)

    @api.model
    def _get_preview_head(self, step):
        """:return: to whom the message would go, and its subject"""
        lines = [
            self.env._("To: %s", ', '.join((step.recipient_id | step.copy_ids).mapped('display_name'))),
            step.fallback or '',
        ]
        if step.email_state != 'none' and step.level_id.mail_template_id:
            template = step.level_id.mail_template_id.sudo()
            subject = template._generate_template(step.ids, ('subject',))[step.id]['subject']
            lines.insert(1, self.env._("Subject: %s", subject))
        return Markup('<div class="text-muted border-bottom pb-2 mb-3">%s</div>') % Markup('<br/>').join(
            filter(None, lines)
        )

    @api.model
    def _render_and_forget(self, run_line, rising, held):
        """Make the step, render it, and roll it back: what is shown is what would be sent."""
        html = ''
        savepoint = self.env.cr.savepoint()
        try:
            # a customer who was written to today may be shown what he would get all the same
            today = (
                self.env['collection.step']
                .sudo()
                .search(
                    [
                        ('partner_id', '=', run_line.partner_id.id),
                        ('date', '=', run_line.date),
                        ('cancelled', '=', False),
                    ]
                )
            )
            today.cancelled = True
            today.flush_recordset(['cancelled'])
            step = self.sudo()._create_steps(run_line.sudo(), rising, held)
            step._fix_date(run_line.date)
            html = self._get_preview_head(step) + step._get_preview()
        except ReadOnlySqlTransaction:
            # the request is served again with a cursor that may write
            raise
        except Exception as error:  # noqa: BLE001 - whatever a text does wrong is shown to its author
            html = Markup("<div class='alert alert-danger'>%s</div>") % self.env._(
                "The text of %(level)s cannot be rendered: %(error)s", level=run_line.level_id.name, error=str(error)
            )
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
        return html

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    @api.model
    def _create_steps(self, run_lines, rising, held):
        company = run_lines.company_id
        cases = self.env['collection.case']._open_for(run_lines.partner_id, company)
        recipients = self._get_recipients(run_lines)
        senders = self._get_senders(run_lines, cases)
        all_items = [item for group in rising.values() for item in group] + [
            item for group in held.values() for item in group
        ]
        shared = self._prepare_shared(company, run_lines, all_items)
        deviations = self.env['collection.plan']._explain(
            {line: rising[line.partner_id.id, line.track] for line in run_lines}, run_lines.run_id.date
        )
        vals_list = []
        for line in run_lines:
            group = rising[line.partner_id.id, line.track]
            level = self.env['collection.level'].browse(group[0].message_level_id)
            case = cases[line.partner_id]
            vals_list.append(
                dict(
                    self._prepare_step(line, case, level, group, recipients[line], senders[line]),
                    deviation=deviations[line] or False,
                    line_ids=[
                        (0, 0, vals)
                        for vals in self._prepare_lines(line, group, held.get(line.partner_id.id, []), shared)
                    ],
                )
            )
        steps = self.env['collection.step'].create(vals_list)
        for step in steps.filtered(lambda step: step.email_state == 'todo'):
            # the text names the date, so it is fixed before it is written
            step._fix_date(step.date)
        return steps

    @api.model
    def _prepare_step(self, line, case, level, items, recipient, sender):
        """:return: values of a step"""
        lang = recipient.contacts[:1].lang or line.partner_id.lang or line.company_id.partner_id.lang or self.env.lang
        companies = {item.company_id for item in items}
        announced = level._get_next()
        vals = {
            'case_id': case.id,
            'partner_id': line.partner_id.id,
            'company_id': line.company_id.id,
            'run_id': line.run_id.id,
            'track': line.track,
            'level_id': level.id,
            'next_level_id': announced.id,
            'jump': any(item.jump for item in items),
            'date': line.date,
            'letterhead_id': companies.pop() if len(companies) == 1 else line.company_id.id,
            'consequence': level.with_context(lang=lang).consequence,
            'sender_role': level.sender_role,
            'sender_id': sender.id,
            'lang': lang,
            'recipient_id': recipient.contacts[:1].id,
            'copy_ids': [(6, 0, recipient.contacts[1:].ids)],
            'fallback': recipient.reachable and recipient.fallback,
            'written_on': line.date,
            'email_state': 'todo' if level.by_email else 'none',
            'call_state': 'todo' if level.by_call else 'none',
            'letter_state': 'todo' if level.by_letter else 'none',
            'registered_state': 'todo' if level.by_registered else 'none',
        }
        if level.by_email and not recipient.reachable:
            vals.update(email_state='waived', failure=recipient.problem)
        on_paper = level.by_letter or level.by_registered
        if on_paper and not self.env['collection.letter']._get_postal_partner(recipient.contacts[:1], line.partner_id):
            problem = self.env._("No usable postal address: street and town are needed.")
            vals.update(
                letter_state='failed' if level.by_letter else 'none',
                registered_state='failed' if level.by_registered else 'none',
                failure=' '.join(filter(None, [vals.get('failure'), problem])),
            )
        if level.kind == 'litigation':
            # a hand-over has no date: it is done by being decided
            vals['act_on'] = line.date
        return vals

    @api.model
    def _prepare_shared(self, company, run_lines, items):
        """What the lines of a whole batch need, read at once."""
        lines = self.env['account.move.line'].sudo().browse({item.line_id for item in items})
        lines.mapped('move_id.name')
        credit_domain = [
            ('partner_id', 'in', run_lines.partner_id.ids),
            ('company_id', 'child_of', company.id),
            ('residual_currency', '<', 0),
        ]
        return {
            'lines': {line.id: line for line in lines},
            'occurrences': self.env['collection.step.line'].sudo()._get_occurrences(lines.ids),
            'credits': self.env['collection.item'].sudo().search(credit_domain).grouped('partner_id'),
        }

    @api.model
    def _prepare_lines(self, run_line, asked, held, shared):
        """:return: values of the items of a step: asked for, disputed or promised apart, received"""
        vals_list = [self._prepare_line(item, 'asked', shared) for item in asked]
        if run_line.track == 'ordinary':
            vals_list += [
                self._prepare_line(item, 'apart', shared) for item in held if item.reason in ('disputed', 'promised')
            ]
            for credit in shared['credits'].get(run_line.partner_id, ()):
                vals_list.append(
                    {
                        'role': 'received',
                        'line_id': credit.line_id.id,
                        'move_id': credit.move_id.id,
                        'name': credit.name or '/',
                        'partner_id': run_line.partner_id.id,
                        'company_id': credit.company_id.id,
                        'currency_id': credit.currency_id.id,
                        'date': credit.date,
                        'due_date': credit.due_date,
                        'residual': credit.residual_currency,
                    }
                )
        return vals_list

    @api.model
    def _prepare_line(self, item, role, shared):
        line = shared['lines'][item.line_id]
        vals = {
            'role': role,
            'line_id': line.id,
            'move_id': line.move_id.id,
            'name': line.move_id.name or '/',
            'partner_id': item.partner_id,
            'company_id': item.company_id,
            'currency_id': item.currency_id,
            'date': line.move_id.invoice_date or line.date,
            'due_date': item.due_date,
            'residual': item.residual,
            'disputed': item.disputed,
            'promised': item.promised,
            'netted': item.netted,
        }
        if role == 'asked':
            vals.update(
                asked=item.to_chase,
                asked_company=item.to_chase_company,
                level_id=item.level_id,
                from_level_id=item.last_level_id,
                occurrence=shared['occurrences'].get((item.line_id, item.level_id), 0) + 1,
            )
        return vals

    # ------------------------------------------------------------------
    # Who writes to whom
    # ------------------------------------------------------------------
    @api.model
    def _get_recipients(self, run_lines):
        """:return: dict run line → recipients of its level's roles"""
        result = {}
        for level, lines in run_lines.grouped('level_id').items():
            found = lines.partner_id._get_collection_recipients(
                level.recipient_role_ids, need='email' if level.by_email else None
            )
            result.update({line: found[line.partner_id] for line in lines})
        return result

    @api.model
    def _get_senders(self, run_lines, cases):
        """:return: dict run line → user of our side (R24, R41): the rep of the customer, the responsible of the case,
        the company's manager or director"""
        company = run_lines.company_id
        reps = {}
        if run_lines.level_id.filtered(lambda level: level.sender_role == 'rep'):
            reps = run_lines.partner_id._get_collection_salespersons(company)
        result = {}
        for line in run_lines:
            collector = cases[line.partner_id].user_id or company.collection_user_id
            result[line] = (
                {
                    'rep': reps.get(line.partner_id),
                    'manager': company.collection_manager_id,
                    'director': company.collection_director_id,
                }.get(line.level_id.sender_role)
                or collector
                or company.collection_manager_id
            )
        return result

    # ------------------------------------------------------------------
    # Means
    # ------------------------------------------------------------------
    @api.model
    def _create_calls(self, steps):
        """The planned call of each step that has one; it belongs before the date given (R49).

        A customer has one planned call for all purposes (R8): one that is waiting serves every step that
        waits for a call, one of an earlier step, tried in vain, gives way. Of two steps of a day the
        call is planned for the graver.
        """
        calls = internal(self.env['collection.call'])
        callees = self._get_callees(steps.filtered(lambda step: step.call_state == 'todo'))
        steps = self._drop_mute(callees).sorted(lambda step: -step.level_id.rank)
        waiting = calls.search(
            [('case_id', 'in', steps.case_id.ids), ('state', '=', 'planned')], order='planned_on, id'
        )
        past = waiting.filtered(lambda call: call.step_id and call.step_id.call_state != 'todo')
        past.write({'state': 'cancelled'})
        serving = (waiting - past).grouped('case_id')
        missing = []
        for case, group in steps.grouped('case_id').items():
            if not (call := serving.get(case, calls)[:1]):
                missing.append(self._prepare_call(group[0], callees[group[0]]))
            elif not call.step_id:
                call.write(self._prepare_joined_call(call, group[0], callees[group[0]]))
        calls.create(missing)

    @api.model
    def _prepare_joined_call(self, call, step, callee):
        """:return: values of a waiting call that serves a step too. It becomes a collection call, in which the other
        questions are asked as well (R8), and lies before the date given (R49). A sales rep does not chase: the caller
        of the step makes it.
        """
        fresh = self._prepare_call(step, callee)
        vals = {'step_id': step.id, 'purpose': 'collection', 'planned_on': self._get_joined_date(call, step)}
        if call.purpose == 'satisfaction' or not call.user_id.filtered(lambda user: user.has_group(CALLER)):
            vals['user_id'] = fresh['user_id'] or call.user_id.id
        if call.purpose == 'satisfaction' or not call.contact_id:
            vals['contact_id'] = fresh['contact_id']
        return vals

    @api.model
    def _get_joined_date(self, call, step):
        """:return: the day of the step, unless the call is planned before. The day the customer asked for is kept
        while it lies before the date given, else it is the last working day before that one"""
        if not call.agreed:
            return min(call.planned_on, step.date)
        working = self.env['collection.holiday']._working_days(step.company_id)
        given = step.date_given or step._prepare_dates(step.date, working, 0)['date_given']
        if call.planned_on < given:
            return call.planned_on
        return max(working.add(given, -1), step.date)

    @api.model
    def _prepare_call(self, step, callee):
        return {
            'case_id': step.case_id.id,
            'partner_id': step.partner_id.id,
            'company_id': step.company_id.id,
            'step_id': step.id,
            'purpose': 'collection',
            'planned_on': step.date,
            'user_id': step.sender_id.id,
            'contact_id': callee.contacts[:1].id,
        }

    @api.model
    def _send_emails(self, steps):
        """Queue one e-mail per step; Odoo's mail queue hands them over and reports back."""
        bodies = {}
        for template, group in steps.grouped(lambda step: step.level_id.mail_template_id).items():
            bodies.update(template.sudo()._generate_template(group.ids, ('subject', 'body_html')))
        mails = self.env['mail.mail'].sudo().create([step._prepare_mail(bodies[step.id]) for step in steps])
        for step, mail in zip(steps, mails, strict=True):
            step.mail_id = mail
        if steps:
            # the queue is emptied once an hour otherwise
            self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    @api.model
    def _log(self, steps):
        """Each case keeps what no e-mail shows; the invoices get one short line each."""
        notes = {
            step.case_id.id: self.env._("%(level)s: %(means)s.", level=step.level_id.name, means=step.level_id.means)
            for step in steps
            if step.email_state != 'todo'
        }
        if notes:
            self.env['collection.case'].browse(notes)._message_log_batch(bodies=notes)
        if steps.company_id.collection_log_invoices:
            bodies = {
                line.move_id.id: self.env._(
                    "%(level)s, date given %(date)s.",
                    level=line.level_id.name,
                    date=format_date(self.env, step.date_given),
                )
                if step.date_given
                else line.level_id.name
                for step in steps
                for line in step.line_ids
                if line.role == 'asked' and line.move_id
            }
            self.env['account.move'].sudo().browse(bodies)._message_log_batch(bodies=bodies)
