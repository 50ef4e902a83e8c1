from contextlib import contextmanager

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user

GROUP = 'account_collection_followup.group_collection_'


class FactsCommon(AccountTestInvoicingCommon):
    """A company with a policy, a team and dispute types. Tests start on Monday 2 March 2026."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref(GROUP + 'administrator')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # messages are compared in the language of the source
        cls.env.user.lang = 'en_US'
        cls.company = cls.company_data['company']
        cls.policy = cls.env['collection.policy'].create(
            {
                'name': "Policy of the tests",
                'company_id': cls.company.id,
                'promise_grace_days': 2,
                'promise_response_days': 2,
                'hold_response_days': 3,
                'receipt_hold_days': 5,
                'caller_promise_days': 15,
                'caller_promise_amount': 5000,
            }
        )
        cls.company.collection_policy_id = cls.policy
        cls.lead = new_test_user(cls.env, 'facts_lead', groups=GROUP + 'resolver', company_id=cls.company.id)
        cls.team = cls.env['collection.team'].create({'name': "Logistics of the tests", 'lead_id': cls.lead.id})
        cls.type = cls.env['collection.dispute.type'].create(
            {'name': "Late delivery of the tests", 'team_id': cls.team.id, 'days': 10, 'response_days': 5}
        )
        # two instalments: 30 % at once, 70 % after 30 days
        cls.term = cls.env['account.payment.term'].create(
            {
                'name': "30 % now, 70 % later",
                'line_ids': [
                    Command.create({'value': 'percent', 'value_amount': 30, 'nb_days': 0}),
                    Command.create({'value': 'percent', 'value_amount': 70, 'nb_days': 30}),
                ],
            }
        )
        cls.partner_a.property_payment_term_id = False
        cls.customer = cls.partner_a

    @contextmanager
    def _refused(self, message, exception=UserError):
        """What is tried inside is refused with these words and leaves nothing behind."""
        with self.assertRaisesRegex(exception, message), self.env.cr.savepoint():
            yield

    @classmethod
    def _invoice(cls, amount=1000.0, **values):
        values.setdefault('partner_id', cls.customer.id)
        values.setdefault('invoice_date', '2026-01-05')
        return cls._create_invoice(
            invoice_line_ids=[cls._prepare_invoice_line(price_unit=amount, tax_ids=[])], post=True, **values
        )

    @classmethod
    def _branch_invoice(cls):
        """A posted invoice of a new branch of the company."""
        branch = cls.env['res.company'].sudo().create({'name': "Branch of the tests", 'parent_id': cls.company.id})
        cls.env.cr.flush()  # gives the branch its accounts
        cls.env.user.sudo().company_ids += branch
        move = (
            cls.env['account.move']
            .with_context(allowed_company_ids=[branch.id, cls.company.id])
            .create(
                {
                    'move_type': 'out_invoice',
                    'partner_id': cls.customer.id,
                    'invoice_date': '2026-01-05',
                    'invoice_line_ids': [cls._prepare_invoice_line(price_unit=1000, tax_ids=[])],
                }
            )
        )
        move.action_post()
        return move.with_env(cls.env)

    @classmethod
    def _receivable(cls, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == 'asset_receivable')

    @classmethod
    def _receipt(cls, amount, date, partner=None, journal='default_journal_bank', company_data=None, **values):
        """An unmatched receipt of a customer in the bank: a posted entry."""
        data = company_data or cls.company_data
        partner = partner or cls.customer
        move = cls.env['account.move'].create(
            {
                'move_type': 'entry',
                'date': date,
                'journal_id': data[journal].id,
                'line_ids': [
                    Command.create(
                        {
                            'account_id': data['default_account_receivable'].id,
                            'partner_id': partner.id,
                            'credit': amount,
                            'debit': 0,
                            **values,
                        }
                    ),
                    Command.create(
                        {
                            'account_id': data['default_account_revenue'].id,
                            'partner_id': partner.id,
                            'debit': amount,
                            'credit': 0,
                            **values,
                        }
                    ),
                ],
            }
        )
        move.action_post()
        return cls._receivable(move)

    @classmethod
    def _pay(cls, item, amount, date):
        """Pay part of an open item; everything that waits for the commit happens."""
        receipt = cls._receipt(amount, date, item.partner_id)
        (receipt + item).reconcile()
        cls.env.cr.flush()
        return receipt

    @classmethod
    def _promise(cls, *amounts, **values):
        """:param amounts: (invoice or instalment, amount, date) each"""
        lines = []
        for item, amount, date in amounts:
            line = {'amount': amount, 'date': date}
            if item._name == 'account.move':
                line['move_id'] = item.id
            else:
                line.update(move_id=item.move_id.id, line_id=item.id)
            lines.append(Command.create(line))
        return cls.env['collection.promise'].create({'line_ids': lines, **values})

    @classmethod
    def _dispute(cls, move, amount=None, **values):
        return cls.env['collection.dispute'].create(
            {'type_id': cls.type.id, 'line_ids': [Command.create({'move_id': move.id, 'amount': amount})], **values}
        )
