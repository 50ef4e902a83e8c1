import random
from ast import literal_eval

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import CollectionCommon


@tagged('post_install', '-at_install')
class TestPolicy(CollectionCommon):
    def level(self, **values):
        return self.env['collection.level'].create({
            'name': "Level", 'policy_id': self.policy.id, 'rank': 35, 'by_call': True, **values})  # fmt: skip

    def test_shipped_ladders(self):
        """Standard, public bodies, key accounts, consumers: complete and without warning."""
        for name in ('standard', 'public', 'key', 'consumer'):
            policy = self.env.ref(f'account_collection_followup.policy_{name}')
            self.assertEqual(policy.level_ids.mapped('rank'), [10, 20, 30, 40, 50, 60])
            self.assertEqual(
                policy.level_ids.mapped('kind'), ['satisfaction', *['reminder'] * 3, 'formal', 'litigation']
            )
            self.assertFalse(policy.warning, policy.name)
            for level in policy._get_climbing_levels()[:-1]:
                self.assertTrue(level.consequence, f"{policy.name}: {level.name} announces what follows")
        standard = self.policy._get_climbing_levels()
        self.assertEqual(standard.mapped('days_given')[:4], [7, 8, 8, 8])
        self.assertEqual(standard.mapped('mode'), ['auto', 'auto', 'validate', 'validate', 'decide'])
        self.assertEqual(standard.mapped('sender_role'), ['caller', 'collector', 'manager', 'director', 'manager'])
        self.assertEqual(standard[-1].minimum_amount, 150)
        public = self.env.ref('account_collection_followup.policy_public')._get_climbing_levels()
        self.assertEqual(public[1].recipient_role_ids.mapped('code'), ['authorising_officer', 'public_accountant'])

    def test_warning_when_formal_notice_comes_late(self):
        self.assertFalse(self.policy.warning)
        extra = self.level()
        self.assertIn("after 4 reminders", self.policy.warning)
        extra.active = False
        self.assertFalse(self.policy.warning)
        self.levels[30].days_given = 20
        self.assertIn("35 days", self.policy.warning)

    def test_levels_that_cannot_work_are_refused(self):
        cases = [
            ({'by_call': False}, "how the customer is reached"),
            ({'by_email': True}, "needs a text"),
            ({'days_given': 0}, "at least one day"),
            ({'kind': 'formal'}, "by letter"),
            ({'kind': 'litigation'}, "collections manager"),
            ({'mode': 'decide'}, "only litigation"),
        ]
        for values, message in cases:
            with self.subTest(values), self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                self.level(**values)
            # the form says it before it is saved
            level = self.env['collection.level'].new({'name': "Level", 'rank': 35, 'by_call': True, **values})
            self.assertIn(message.lower(), level.problem.lower())

    def test_numbers_that_make_no_sense_are_refused_by_name(self):
        level, policy = self.levels[30], self.policy
        for record, name, value, message in (
            (level, 'rank', -1, "Reminder 2: “Rank” is -1: choose a number from 0"),
            (level, 'days_given', -3, "Reminder 2: “Days given to pay” is -3: choose a number from 0 to 366"),
            (self.levels[20], 'delay_days', 400, "Reminder 1: “Days from the due date” is 400"),
            (policy, 'act_days', 5000, "Standard: “Working days before acting” is 5000"),
            (policy, 'letter_days', -1, "Standard: “Working days to post a letter” is -1"),
            (policy, 'objection_days', 0, "“Days an objection may last” is 0: choose a number from 1"),
            (policy, 'satisfaction_window', 900, "“Invoices of how many days together” is 900"),
        ):
            with self.subTest(name):
                with self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                    record[name] = value
                # and said before it is saved
                form = Form(record)
                form[name] = value
                self.assertIn(message.split(': ', 1)[-1], form.warning if record == policy else form.problem)

    def test_a_wrong_number_of_a_level_shows_on_its_policy(self):
        form = Form(self.policy)
        with form.level_ids.edit(2) as line:
            line.rank = -1
            line.days_given = -3
        self.assertIn("Reminder 2: “Rank” is -1", form.warning)

    def test_problems_of_a_level_are_said_on_its_form(self):
        form = Form(self.env['collection.level'].with_context(default_policy_id=self.policy.id))
        self.assertEqual(form.rank, 45, "free, after the last reminder")
        self.assertIn("how the customer is reached", form.problem)
        form.by_call = True
        self.assertFalse(form.problem)
        form.rank = 40
        self.assertIn("Reminder 3 has the rank 40 already", form.problem)
        form.rank = 45
        form.name = "Reminder 4"
        self.assertFalse(form.save().problem)

    def test_warning_when_the_order_makes_no_sense(self):
        self.level(name="Late reminder", rank=55)
        self.assertIn("Late reminder comes after Formal notice", self.policy.warning)
        self.level(name="Unreachable", rank=70)
        self.assertIn("Unreachable comes after Litigation: it is never reached", self.policy.warning)

    def test_a_level_can_be_archived_and_its_rank_used_again(self):
        self.levels[30].active = False
        self.env.flush_all()
        self.assertEqual(self.level(rank=30).policy_id._get_climbing_levels()[1].name, "Level")

    def test_next_level_is_the_first_active_one_above(self):
        self.assertEqual(self.levels[20]._get_next(), self.levels[30])
        self.levels[30].active = False
        self.assertEqual(self.levels[20]._get_next(), self.levels[40])
        self.assertFalse(self.levels[60]._get_next())

    def test_default_policy(self):
        other = self.policy.copy()
        self.assertEqual(other.name, "Standard (copy)")
        self.assertEqual(other.level_ids.mapped('rank'), self.policy.level_ids.mapped('rank'))
        other.action_set_default()
        self.assertTrue(other.is_default)
        self.assertFalse(self.policy.is_default)
        with self.assertRaisesRegex(UserError, "default policy"):
            other.active = False

    def test_customer_policy_by_assignment_else_default(self):
        key = self.env.ref('account_collection_followup.policy_key')
        self.assertEqual(self.partner_a._collection_policy(self.company), self.policy)
        self.partner_a.collection_policy_id = key
        self.assertEqual(self.partner_a._collection_policy(self.company), key)
        key.active = False
        self.assertEqual(self.partner_a._collection_policy(self.company), self.policy)

    def test_policy_of_the_root_company_serves_its_branches(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        key = self.env.ref('account_collection_followup.policy_key')
        self.partner_a.with_company(branch).collection_policy_id = key
        self.assertEqual(self.partner_a.with_company(self.company).collection_policy_id, key)

    def test_form(self):
        with Form(self.env['collection.policy']) as form:
            form.name = "New"
        self.assertIn("never reminded", form.record.warning)


@tagged('post_install', '-at_install')
class TestChangedLadder(CollectionCommon):
    """What is said before a ladder under way is changed is what happens then (R47)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # no sales rep and no letters stand between the steps: the ladder alone is looked at
        cls.key = cls.env.ref('account_collection_followup.policy_key')
        (cls.policy | cls.key).level_ids.filtered(lambda level: level.kind == 'reminder').write(
            {'by_call': False, 'by_letter': False, 'by_email': True, 'mode': 'auto',
             'mail_template_id': cls.levels[20].mail_template_id.id}
        )  # fmt: skip

    def climb(self, partner=None, times=1):
        """An invoice that was asked for once or twice.

        :return: the invoice and the day of the next act
        """
        move = self.invoice(partner, due='2026-02-20')
        day = '2026-03-02'
        for _time in range(times):
            self.run_day(day)
            step = self.steps(partner)[-1]
            day = step.act_on
        return move, day

    def next_level(self, move, day):
        with freeze_time(day):
            item = self.plan(day)[move]
            return self.env['collection.level'].browse(item.level_id)

    def edit(self, record, **values):
        """:return: what the form says before it is saved, and saves it"""
        with Form(record) as form:
            self.assertFalse(form.impact)
            for name, value in values.items():
                form[name] = value
            text = form.impact
        self.assertFalse(record.impact, "saved, there is nothing to say")
        return text

    @freeze_time('2026-03-03')
    def test_days_given(self):
        move, day = self.climb()
        text = self.edit(self.levels[20], days_given=20)
        self.assertIn("At Reminder 1: 1 item of 1 customer. What they were sent stays as it was.", text)
        self.assertIn("the latest 03/09/2026", text)
        self.assertEqual(self.steps().act_on, day, "the date given stays")
        self.assertEqual(self.next_level(move, day), self.levels[30])

    @freeze_time('2026-03-03')
    def test_a_level_to_come(self):
        _move, day = self.climb()
        text = self.edit(self.levels[30], consequence="We will stop your deliveries.")
        self.assertEqual(text, "Next at Reminder 2: 1 item of 1 customer. They get it as changed.")
        self.run_day(day)
        self.assertIn("stop your deliveries", self.steps()[-1].message_html)
        self.assertNotIn("stop your deliveries", self.steps()[0].message_html)

    @freeze_time('2026-03-03')
    def test_taken_out_of_use(self):
        move, day = self.climb()
        text = self.edit(self.levels[30], active=False)
        self.assertIn("Then comes Reminder 3, not Reminder 2.", text)
        self.assertEqual(self.next_level(move, day), self.levels[40])

    @freeze_time('2026-03-03')
    def test_taken_out_of_use_in_the_dialog_of_the_policy(self):
        _move, day = self.climb(self.partner_b)
        self.invoice(due='2026-03-05')
        self.run_day(day)
        self.assertEqual(
            [self.steps(partner)[-1].level_id.rank for partner in self.partner_a + self.partner_b], [20, 30]
        )
        sentences = (
            "At Reminder 1: 1 item of 1 customer.",
            "Then comes Reminder 3, not Reminder 2.",
            "At Reminder 2: 1 item of 1 customer.",
            "Then comes Reminder 3.",
            "Check the texts of the levels after Reminder 2: they may count the reminders before.",
        )
        with Form(self.policy) as form:
            index = self.policy.level_ids.ids.index(self.levels[30].id)
            with form.level_ids.edit(index) as line:
                line.active = False
                for sentence in sentences:
                    self.assertIn(sentence, line.impact)
            for sentence in sentences:
                self.assertIn(sentence, form.impact)
        self.assertFalse(self.levels[30].active)

    def test_switches_are_not_saved_before_their_impact_is_read(self):
        for model in ('collection.policy', 'collection.level'):
            arch = etree.fromstring(self.env[model].get_view(view_type='form')['arch'])
            switches = arch.xpath("//field[@widget='boolean_toggle'][@name='active']")
            self.assertTrue(switches)
            for switch in switches:
                self.assertEqual(literal_eval(switch.get('options')), {'autosave': False})

    @freeze_time('2026-03-03')
    def test_later_texts_may_count_the_reminders_before(self):
        hint = "Check the texts of the levels after"
        self.assertIn(hint, self.edit(self.levels[30], rank=45))
        self.assertFalse(self.edit(self.levels[50], active=False), "nothing is written after a formal notice")
        self.assertFalse(self.edit(self.levels[10], rank=11), "no rung of the ladder")

    def test_changed_delays_are_explained(self):
        changes = {
            'act_days': (4, "put in hand 4 working days after its date. Dates already announced stay."),
            'restart_days': (9, "left alone for 9 days"),
            'stale_days': (20, "not carried out 20 days after its date is announced again"),
            'hold_response_days': (6, "leave 6 working days after their end"),
            'promise_grace_days': (3, "broken 3 working days after their date"),
            'receipt_hold_days': (7, "holds messages for 7 working days"),
            'direct_debit_days': (8, "left alone until 8 working days"),
            'consult_days': (1, "told 1 working days before a formal notice"),
            'silence_days': (12, "not contacted for 12 days"),
            'broken_promise_limit': (4, "after broken promises: 4."),
        }
        with Form(self.policy) as form:
            self.assertFalse(form.impact)
            for name, (value, sentence) in changes.items():
                form[name] = value
                self.assertIn(sentence, form.impact)
        self.assertFalse(self.policy.impact)
        self.assertEqual(self.edit(self.policy, consult_days=0),
                         "From the next run on, the sales rep is told nothing before a formal notice or litigation.")  # fmt: skip
        self.assertIn("no call is planned", self.edit(self.policy, silence_days=0))
        self.assertIn("do not lead to formal notice", self.edit(self.policy, broken_promise_limit=0))

    @freeze_time('2026-03-03')
    def test_dates_already_announced_stay_with_other_delays(self):
        _move, day = self.climb()
        self.policy.act_days = 6
        self.assertEqual(self.steps().act_on, day)

    @freeze_time('2026-03-03')
    def test_an_announcement_that_no_longer_fits(self):
        self.climb(times=3)
        text = self.edit(self.levels[50], active=False)
        self.assertIn("Then comes Litigation, not Formal notice.", text)
        self.assertIn(f"What they were told no longer fits: “{self.levels[40].consequence}”", text)

    @freeze_time('2026-03-03')
    def test_the_last_level_taken_out_of_use(self):
        self.climb()
        with Form(self.policy) as form:
            for index, level in enumerate(self.policy.level_ids):
                if level.rank > 20:
                    with form.level_ids.edit(index) as line:
                        line.active = False
            self.assertIn("Then nothing follows: there is no level above.", form.impact)

    @freeze_time('2026-03-03')
    def test_moved(self):
        move, day = self.climb(times=2)
        self.assertEqual(self.next_level(move, day), self.levels[40])
        text = self.edit(self.levels[30], rank=45)
        self.assertIn("Then comes Formal notice, not Reminder 3.", text)
        self.assertEqual(self.next_level(move, day), self.levels[50])

    @freeze_time('2026-03-03')
    def test_added_on_the_policy(self):
        move, day = self.climb()
        with Form(self.policy) as form:
            with form.level_ids.new() as line:
                line.name = "Friendly word"
                line.rank = 25
                line.by_call = True
            self.assertIn("Then comes Friendly word, not Reminder 2.", form.impact)
        self.assertEqual(self.next_level(move, day).name, "Friendly word")

    @freeze_time('2026-03-03')
    def test_nothing_is_said_when_nobody_is_concerned(self):
        self.assertFalse(self.edit(self.levels[30], days_given=9))
        self.climb()
        self.assertFalse(self.edit(self.levels[50], days_given=9), "nobody comes there next")
        self.assertFalse(self.edit(self.levels[20], name="First reminder"))

    @freeze_time('2026-03-03')
    def test_entry(self):
        text = self.edit(self.levels[20], delay_days=5)
        self.assertIn("items get Reminder 1 5 days after their due date, not 3", text)

    @freeze_time('2026-03-03')
    def test_policy_out_of_use(self):
        self.partner_a.collection_policy_id = self.key
        move, day = self.climb()
        last = self.steps().level_id
        self.assertEqual(last.policy_id, self.key)
        text = self.edit(self.key, active=False)
        self.assertIn("the customers of this policy follow Standard from the next run on", text)
        self.assertIn(f"At {last.name}: 1 item", text)
        self.complete(self.steps())
        self.assertEqual(self.next_level(move, day).policy_id, self.policy)
        self.assertGreater(self.next_level(move, day).rank, last.rank)

    @freeze_time('2026-03-03')
    def test_default_and_assignment_are_explained_and_confirmed(self):
        move, day = self.climb()
        self.key.action_choose_default()
        wizard = self.env['collection.policy.assign'].create({'policy_id': self.key.id, 'as_default': True})
        self.assertIn("Every customer without a policy of his own follows", wizard.impact)
        self.assertIn("At Reminder 1: 1 item of 1 customer.", wizard.impact)
        collector = self.collector
        assign = (
            self.env['collection.policy.assign']
            .with_user(collector)
            .with_context(active_model='res.partner', active_ids=self.partner_a.ids)
        )
        with Form(assign) as form:
            self.assertFalse(form.impact, "the default changes nothing")
            form.policy_id = self.key
            self.assertIn("Then comes", form.impact)
        form.record.action_assign()
        self.assertEqual(self.partner_a.collection_policy_id, self.key)
        self.assertEqual(self.next_level(move, day).policy_id, self.key)
        self.assertEqual(self.next_level(move, day).rank, 30, "the first above his last rank")
        # a customer with a policy of his own is not concerned by another default
        wizard.invalidate_recordset(['impact'])
        self.assertNotIn("item of", wizard.impact)
        with self.assertRaises(AccessError):
            wizard.with_user(collector).sudo(False).action_assign()
        wizard.action_assign()
        self.assertEqual(self.company.collection_policy_id, self.key)

    @freeze_time('2026-03-03')
    def test_another_policy_on_the_customer_is_explained(self):
        self.climb()
        with Form(self.partner_a) as form:
            self.assertFalse(form.collection_policy_impact)
            form.collection_policy_id = self.key
            self.assertIn("At Reminder 1: 1 item of 1 customer.", form.collection_policy_impact)
            form.collection_policy_id = self.policy
            self.assertFalse(form.collection_policy_impact, "the same, by name instead of by default")
            form.collection_policy_id = self.env['collection.policy']
        self.assertFalse(self.partner_a.collection_policy_impact)

    @freeze_time('2026-03-03')
    def test_a_caller_assigns_no_policy(self):
        caller = new_test_user(
            self.env, 'change_caller', groups='account_collection_followup.group_collection_caller',
            company_id=self.company.id)  # fmt: skip
        with self.assertRaises(AccessError):
            self.env['collection.policy.assign'].with_user(caller).create({'policy_id': self.key.id})

    @freeze_time('2026-03-03')
    def test_a_used_level_keeps_what_it_was(self):
        self.climb()
        level = self.levels[20]
        with self.assertRaisesRegex(UserError, "was used"):
            level.kind = 'litigation'
        with self.assertRaisesRegex(UserError, "stays in its policy"):
            level.policy_id = self.key
        with self.assertRaisesRegex(UserError, "Take it out of use"):
            level.unlink()
        level.write({'kind': 'reminder', 'policy_id': self.policy.id})
        self.levels[30].kind = 'formal' if self.levels[30].by_letter else 'reminder'

    @freeze_time('2026-03-03')
    def test_numbers_are_those_of_the_plan(self):
        """The numbers come from SQL of their own: the plan says the same."""
        customers = self.env['res.partner'].create([{'name': f"C{n}", 'email': f'c{n}@example.com'} for n in range(6)])
        customers[4:].collection_policy_id = self.key
        moves = self.env['account.move']
        for customer in customers:
            moves += self.invoice(customer, due='2026-02-20') + self.invoice(customer, due='2026-01-20', amount=300)
        self.run_day('2026-03-02')
        late = self.invoice(customers[0], due='2026-02-27')
        self.pay(moves[0])
        self.pay(moves[3], amount=100)
        found = {}
        for row in self.env['collection.impact']._get_standings():
            found[row.policy_id, row.level_id] = (row.items, set(row.customers), row.latest)
        expected = {}
        for item in self.plan('2026-03-03').values():
            if item.last_level_id:
                items, ids, latest = expected.get((item.policy_id, item.last_level_id), (0, set(), None))
                latest = max(filter(None, (latest, item.last_date_given)))
                expected[item.policy_id, item.last_level_id] = (items + 1, ids | {item.partner_id}, latest)
        self.assertEqual(found, expected)
        self.assertEqual(sum(row[0] for row in found.values()), 11)
        self.assertFalse(late in moves)

    @freeze_time('2026-03-03')
    def test_whatever_is_changed_the_next_level_is_the_first_in_use_above(self):
        """Any mixture of changes between two messages: the date stays, the next level follows the definition."""
        move, day = self.climb()
        last, given = self.steps().level_id, self.steps().date_given
        chance = random.Random(47)
        for number in range(25):
            with self.subTest(number), self.cr.savepoint() as savepoint:
                self._change_something(chance)
                climbing = (self.partner_a._collection_policy(self.company)).level_ids.filtered(
                    lambda level: level.active and level.kind != 'satisfaction'
                )
                above = climbing.filtered(lambda level: level.rank > last.rank).sorted('rank')[:1]
                self.assertEqual(self.steps().date_given, given)
                item = self.plan(day)[move]
                self.assertEqual(item.reason == 'top', not above and bool(climbing))
                if above and item.reason is None:
                    self.assertEqual(item.level_id, above.id)
                self.assertNotIn(item.reason, ('delay', 'conversation'))
                savepoint.rollback()
            self.env.invalidate_all()

    def _change_something(self, chance):
        levels = self.policy.level_ids
        for _time in range(chance.randint(1, 4)):
            level = chance.choice(levels)
            change = chance.choice(['days', 'active', 'rank', 'add', 'switch', 'default'])
            rank = chance.choice([rank for rank in range(11, 90) if rank not in levels.mapped('rank')])
            if change == 'days':
                level.days_given = chance.randint(1, 30)
            elif change == 'active':
                level.active = False
            elif change == 'rank':
                level.rank = rank
            elif change == 'add':
                levels |= levels.create({'name': "More", 'policy_id': self.policy.id, 'rank': rank, 'by_call': True})
            elif change == 'switch':
                self.partner_a.collection_policy_id = chance.choice([self.key, self.policy])
            else:
                self.key.action_set_default()
            self.env.flush_all()
