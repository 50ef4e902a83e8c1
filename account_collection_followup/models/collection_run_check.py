from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CollectionRun(models.Model):
    """Today's run shows the morning's picture; asked again, it tells what was solved since and what is due now."""

    _inherit = 'collection.run'  # pylint: disable=consider-merging-classes-inherited

    def action_check_again(self):
        """Ask the plan again about what today's run has not sent. Sends nothing: what is due now waits for approval.

        :raise UserError: for another day, or a preview
        """
        self.ensure_one()
        self._check_collector()
        if self.state == 'preview' or not self._is_of_today():
            raise UserError(self.env._("Only today's run can be asked again."))
        self.sudo()._check_again()

    def _check_again(self):
        """Compare with a fresh layout: holds that are gone are solved, new ones are added, messages become proposals.
        What a person decided, and what was sent, stays as it is."""
        self.env.flush_all()
        fresh = self.create({'company_id': self.company_id.id, 'date': self.date, 'unprepared': self.unprepared})
        fresh._lay_out()
        self.env.flush_all()
        for query in (self._get_solved_query(fresh), self._get_still_query(fresh), self._get_new_query(fresh)):
            self.env.cr.execute(query)
        self.env['collection.run.line'].invalidate_model()
        self.env['collection.run.reason'].invalidate_model()
        self.warnings = fresh.warnings
        fresh.unlink()
        self.laid_out_on = fields.Datetime.now()
        if self.line_ids.filtered(lambda line: line.state == 'proposed'):
            self.state = 'open'
        self.env['collection.case']._prepare_decisions(self.company_id)
        self._finish_if_done()

    def _get_solved_query(self, fresh):
        """What the fresh layout no longer says: a hold that ended, a proposal that is held now or not due any more."""
        return SQL(
            """UPDATE collection_run_line t
                  SET state = 'solved', reason = CASE WHEN t.kind = 'hold' THEN t.reason ELSE (
                          SELECT h.reason FROM collection_run_line h
                           WHERE h.run_id = %(fresh)s AND h.partner_id = t.partner_id AND h.kind = 'hold'
                           ORDER BY h.amount DESC, h.id LIMIT 1) END
                WHERE t.run_id = %(run)s
                  AND (t.kind = 'hold' AND t.state = 'held' OR t.kind = 'message' AND t.state = 'proposed')
                  AND NOT EXISTS (SELECT FROM collection_run_line f WHERE f.run_id = %(fresh)s AND %(same)s)""",
            run=self.id,
            fresh=fresh.id,
            same=self._get_same_line(),
        )

    def _get_still_query(self, fresh):
        """What it says again, with the figures of now."""
        return SQL(
            """UPDATE collection_run_line t
                  SET state = CASE WHEN t.kind = 'hold' THEN 'held' ELSE 'proposed' END, reason = f.reason,
                      until = f.until, mode = f.mode, level_id = f.level_id, item_count = f.item_count, amount = f.amount, unsent_count = f.unsent_count
                 FROM collection_run_line f
                WHERE t.run_id = %(run)s AND f.run_id = %(fresh)s AND %(same)s
                  AND (t.kind = 'hold' AND t.state IN ('held', 'solved')
                       OR t.kind = 'message' AND t.state IN ('proposed', 'solved'))""",
            run=self.id,
            fresh=fresh.id,
            same=self._get_same_line(),
        )

    def _get_new_query(self, fresh):
        """What it says for the first time today. That a message sent today now runs is no news."""
        return SQL(
            """UPDATE collection_run_line f
                  SET run_id = %(run)s, state = CASE WHEN f.kind = 'hold' THEN 'held' ELSE 'proposed' END
                WHERE f.run_id = %(fresh)s
                  AND NOT EXISTS (SELECT FROM collection_run_line t WHERE t.run_id = %(run)s AND %(same)s)
                  AND NOT (f.kind = 'hold' AND f.reason IN ('conversation', 'unfinished') AND EXISTS (
                           SELECT FROM collection_run_line t WHERE t.run_id = %(run)s AND t.partner_id = f.partner_id
                              AND t.kind = 'message' AND t.state = 'done'))""",
            run=self.id,
            fresh=fresh.id,
            same=self._get_same_line(),
        )

    def _get_same_line(self):
        """:return: SQL telling whether lines ``t`` and ``f`` are about the same message or the same hold"""
        return SQL(
            """t.partner_id = f.partner_id AND t.kind = f.kind
               AND (t.kind = 'hold' AND t.reason = f.reason OR t.kind = 'message' AND t.track = f.track)"""
        )
